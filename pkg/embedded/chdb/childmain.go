package chdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb/internal/engine"
)

// EnvChild carries the child's configuration. A program whose environment has it is such a child.
const EnvChild = "IOLAUS_CLICKHOUSE_CHILD"

// childConfig is what the parent hands to the child, as JSON in EnvChild. The listening socket is
// file descriptor 3: it stays the parent's, so the address outlives the child, and clients that
// connect while it restarts wait instead of being refused.
type childConfig struct {
	Lib  string `json:"lib"`
	Data string `json:"data"`
	Conf string `json:"conf"` // the engine's configuration file
	Name string `json:"name"`
}

const childListenerFD = 3

// IsChild says whether this process was started as the engine's child.
func IsChild() bool { return os.Getenv(EnvChild) != "" }

// RunChild serves until ctx ends or the parent is gone (its end of standard input closes).
func RunChild(ctx context.Context) error {
	var cfg childConfig
	if err := json.Unmarshal([]byte(os.Getenv(EnvChild)), &cfg); err != nil {
		return fmt.Errorf("reading %s: %w", EnvChild, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	ln, err := net.FileListener(os.NewFile(childListenerFD, "listener"))
	if err != nil {
		return fmt.Errorf("taking over the listening socket: %w", err)
	}
	lib, err := engine.Load(cfg.Lib, []string{
		"--path=" + cfg.Data, "--config-file=" + cfg.Conf, "--implicit_select=0",
	})
	if err != nil {
		return err
	}
	// One connection stays open: the engine stops when its last one closes.
	anchor, err := lib.Connect()
	if err != nil {
		return err
	}
	gw, err := newGateway(lib, cfg.Name)
	if err != nil {
		return err
	}
	if err := serveUntil(ctx, ln, gw.handler()); err != nil {
		return err
	}
	anchor.Close()
	return shutdown(lib)
}

// shutdownGrace is how long running statements may go on after a stop was asked for.
const shutdownGrace = 5 * time.Second

func serveUntil(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 5 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		_ = srv.Close()
		return errors.New("stopping: statements were still running and were dropped")
	}
	return nil
}

func shutdown(lib *engine.Library) error {
	done := make(chan error, 1)
	go func() { done <- lib.Shutdown() }()
	select {
	case err := <-done:
		return err
	case <-time.After(shutdownGrace):
		return errors.New("stopping: the engine's threads did not end in time")
	}
}

// usersXML is the engine's only user. It may do all that stays inside the data folder and nothing
// that leaves it: no grant on any source (file, url, s3, remote, mysql, …), on table engines over
// them, on dictionaries, executable functions, named collections, backups or users. The engine
// itself enforces this, in table functions, table engines, database engines and views alike. The
// constraints close what settings open: files and addresses named by formats, SQL inside strings,
// other SQL dialects.
const usersXML = `<clickhouse>
  <profiles><default><constraints>
    <dialect><readonly/></dialect>
    <format_schema><readonly/></format_schema>
    <format_schema_source><readonly/></format_schema_source>
    <format_template_row><readonly/></format_template_row>
    <format_template_resultset><readonly/></format_template_resultset>
    <output_format_schema><readonly/></output_format_schema>
    <format_avro_schema_registry_url><readonly/></format_avro_schema_registry_url>
    <additional_table_filters><readonly/></additional_table_filters>
    <additional_result_filter><readonly/></additional_result_filter>
    <parallel_replicas_custom_key><readonly/></parallel_replicas_custom_key>
  </constraints></default></profiles>
  <quotas><default></default></quotas>
  <users><default>
    <password></password>
    <networks><ip>::/0</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
    <grants>
      <query>GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE TEMPORARY TABLE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, KILL QUERY, dictGet ON *.*</query>
      <query>GRANT SYSTEM FLUSH LOGS, SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM VIEWS, SYSTEM DROP CACHE ON *.*</query>
    </grants>
  </default></users>
</clickhouse>
`

// configXML is the engine's configuration: half the memory at most, the rest its defaults.
const configXML = `<clickhouse>
  <users_config>%s</users_config>
  <user_files_path>%s</user_files_path>
  <max_server_memory_usage_to_ram_ratio>0.5</max_server_memory_usage_to_ram_ratio>
  <timezone>UTC</timezone>
</clickhouse>
`

// writeConfig lays out the child's folder: data (kept), conf (written anew), and an empty work
// folder to run in, since the engine would read a config.xml or a users.xml that lies about.
func writeConfig(dir string) (childConfig, string, error) {
	data, conf, work := filepath.Join(dir, "data"), filepath.Join(dir, "conf"), filepath.Join(dir, "work")
	if err := os.RemoveAll(work); err != nil {
		return childConfig{}, "", fmt.Errorf("emptying the engine's work folder: %w", err)
	}
	for _, d := range []string{dir, data, conf, work} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return childConfig{}, "", fmt.Errorf("making the ClickHouse data folder: %w", err)
		}
	}
	users, config := filepath.Join(conf, "users.xml"), filepath.Join(conf, "config.xml")
	if err := os.WriteFile(users, []byte(usersXML), 0o600); err != nil {
		return childConfig{}, "", fmt.Errorf("writing the engine's users: %w", err)
	}
	text := fmt.Sprintf(configXML, xmlText(users), xmlText(work))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return childConfig{}, "", fmt.Errorf("writing the engine's configuration: %w", err)
	}
	return childConfig{Data: data, Conf: config}, work, nil
}
