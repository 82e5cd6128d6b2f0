package obs

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Routes adds /healthz, /readyz and /metrics for the services of a process. All of
// them must be ready for /readyz to answer 200.
func Routes(mux *http.ServeMux, services ...*Service) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { serveReady(w, services) })
	gatherers := prometheus.Gatherers{processRegistry()}
	for _, s := range services {
		gatherers = append(gatherers, s.Gatherer())
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherers, promhttp.HandlerOpts{EnableOpenMetrics: true}))
}

// readiness is the body of /readyz.
type readiness struct {
	Ready    bool                `json:"ready"`
	Services map[string]bool     `json:"services"`
	NotReady map[string][]string `json:"not_ready,omitempty"` // service -> "condition: why"
}

func serveReady(w http.ResponseWriter, services []*Service) {
	body := readiness{Ready: true, Services: map[string]bool{}, NotReady: map[string][]string{}}
	for _, s := range services {
		pending := s.Pending()
		body.Services[s.Name] = len(pending) == 0
		if len(pending) > 0 {
			body.Ready = false
			body.NotReady[s.Name] = pending
		}
	}
	status := http.StatusOK
	if !body.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the reader has gone: nobody to tell
}
