package obs

import (
	"runtime/debug"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// BuildInfo says what a binary was built from; the fields are "unknown" where the
// build did not record them.
type BuildInfo struct {
	Version  string // module version, or "devel"
	Commit   string // VCS revision, "+dirty" if the tree was changed
	Time     string // of the commit, RFC 3339
	Compiler string // Go version
}

// Build reads what the Go toolchain recorded.
func Build() BuildInfo {
	b := BuildInfo{Version: "devel", Commit: "unknown", Time: "unknown", Compiler: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Compiler = info.GoVersion
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	dirty := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	if dirty && !strings.HasSuffix(b.Commit, "+dirty") {
		b.Commit += "+dirty"
	}
	return b
}

// processRegistry holds what belongs to the process and not to one of its services.
func processRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	b := Build()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "iolaus_build_info", Help: "1; the labels say what the binary was built from.",
		ConstLabels: prometheus.Labels{"version": b.Version, "commit": b.Commit, "goversion": b.Compiler},
	})
	info.Set(1)
	reg.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}
