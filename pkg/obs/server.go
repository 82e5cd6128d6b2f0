package obs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

// Time limits of a server. A body or a header that trickles in is cut off; an answer may
// take long (a profile of 30 s), so writing has no limit of its own.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 10 * time.Second
)

// HTTPConfig is the section "http".
type HTTPConfig struct {
	Addr string `koanf:"addr" desc:"address to serve on; port 0 takes a free one"`
}

// DefaultHTTP serves on loopback only.
func DefaultHTTP() HTTPConfig { return HTTPConfig{Addr: "127.0.0.1:8080"} }

// Validate says which key is wrong.
func (c HTTPConfig) Validate() error {
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return fmt.Errorf("http.addr: want host:port, not %q", c.Addr)
	}
	return nil
}

// PprofConfig is the section "pprof".
type PprofConfig struct {
	Addr string `koanf:"addr" desc:"loopback address for Go profiles; port 0 takes a free one; off for none"`
}

// DefaultPprof serves profiles on a free loopback port, which the log names.
func DefaultPprof() PprofConfig { return PprofConfig{Addr: "127.0.0.1:0"} }

// Validate refuses any address but a loopback one: profiles hold memory.
func (c PprofConfig) Validate() error {
	if c.Addr == "off" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("pprof.addr: want host:port or off, not %q", c.Addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("pprof.addr: profiles are served on loopback only, not on %q", host)
	}
	return nil
}

// Listen opens an address for Serve; what it fails with names the address.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	return l, nil
}

// Serve answers on l, HTTP/1.1 and unencrypted HTTP/2 (gRPC), until ctx ends; then it
// lets running requests finish for up to 10 s. It closes l.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *zap.Logger) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{
		Handler: h, Protocols: &protocols, ErrorLog: zap.NewStdLog(log),
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stopping the server on %s: %w", l.Addr(), err)
	}
	return srv.Close()
}

// RunHTTP serves a service's own routes (nil for none) and its /healthz, /readyz and
// /metrics on cfg, and profiles on prof, until ctx ends.
func (s *Service) RunHTTP(ctx context.Context, cfg HTTPConfig, prof PprofConfig, routes *http.ServeMux) error {
	if routes == nil {
		routes = http.NewServeMux()
	}
	Routes(routes, s)
	l, err := Listen(cfg.Addr)
	if err != nil {
		return err
	}
	s.Log.Info("serving", zap.Stringer("addr", l.Addr()))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return Serve(ctx, l, routes, s.Log) })
	g.Go(func() error { return RunPprof(ctx, prof, s.Log) })
	return g.Wait()
}

// RunPprof serves Go profiles under /debug/pprof/ until ctx ends.
func RunPprof(ctx context.Context, cfg PprofConfig, log *zap.Logger) error {
	if cfg.Addr == "off" {
		return nil
	}
	if err := cfg.Validate(); err != nil {
		return err
	}
	l, err := Listen(cfg.Addr)
	if err != nil {
		return err
	}
	log.Info("serving profiles", zap.Stringer("addr", l.Addr()))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return Serve(ctx, l, mux, log)
}
