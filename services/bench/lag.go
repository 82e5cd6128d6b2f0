package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/services/payment"
	"github.com/iolaus-io/iolaus/services/request"
	"github.com/iolaus-io/iolaus/services/signup"
	"github.com/iolaus-io/iolaus/services/sink"
)

// The parts of the system whose lag is watched.
const (
	partStages  = "stages"  // input records whose effect is not stored
	partCluster = "cluster" // records of the links topic that are not judged
	partSink    = "sink"    // records that are not in ClickHouse
)

// metricLinksLag is the cluster service's own lag: it commits no offsets.
const metricLinksLag = "iolaus_links_lag_records"

// sample is one look at the lags.
type sample struct {
	at   time.Time
	lag  map[string]int64
	ends map[string]int64 // records ever written to what the part reads
}

// watcher samples the lags of a deployment.
type watcher struct {
	client *kgo.Client
	adm    *kadm.Client
	http   string
}

func newWatcher(d *deployment) (*watcher, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(d.brokers), kgo.ClientID("iolaus-bench-lag"))
	if err != nil {
		return nil, fmt.Errorf("connecting to Kafka: %w", err)
	}
	return &watcher{client: cl, adm: kadm.NewClient(cl), http: d.http}, nil
}

func (w *watcher) close() { w.client.Close() }

func (w *watcher) sample(ctx context.Context) (sample, error) {
	s := sample{at: time.Now(), lag: map[string]int64{}, ends: map[string]int64{}}
	groups := map[string]string{signup.Group: partStages, request.Group: partStages, payment.Group: partStages, sink.Group: partSink}
	lags, err := w.adm.Lag(ctx, signup.Group, request.Group, payment.Group, sink.Group)
	if err == nil {
		err = lags.Error()
	}
	if err != nil {
		return s, fmt.Errorf("asking for the lag: %w", err)
	}
	for _, l := range lags {
		part := groups[l.Group]
		for _, m := range l.Lag.Sorted() {
			s.lag[part] += max(m.Lag, 0)
			s.ends[part] += m.End.Offset
		}
	}
	s.lag[partCluster], err = w.metric(ctx, metricLinksLag)
	if err != nil {
		return s, err
	}
	ends, err := w.adm.ListEndOffsets(ctx, "iolaus-links")
	if err != nil {
		return s, fmt.Errorf("asking where the links end: %w", err)
	}
	ends.Each(func(o kadm.ListedOffset) { s.ends[partCluster] += o.Offset })
	return s, nil
}

// metric reads one metric, summed over its labels.
func (w *watcher) metric(ctx context.Context, name string) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.http+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("reading metrics: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read-only
	var sum float64
	for s := bufio.NewScanner(res.Body); s.Scan(); {
		line := s.Text()
		if !strings.HasPrefix(line, name) || strings.HasPrefix(line, "#") {
			continue
		}
		v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("reading metric %s: %w", name, err)
		}
		sum += v
	}
	return int64(sum), nil
}

// awaitIdle waits until nothing lags.
func (w *watcher) awaitIdle(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		s, err := w.sample(ctx)
		if err != nil {
			return err
		}
		if s.lag[partStages] == 0 && s.lag[partCluster] == 0 && s.lag[partSink] == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the backlog %v: %w", s.lag, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// every samples once a second until ctx ends.
func (w *watcher) every(ctx context.Context) ([]sample, error) {
	var all []sample
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return all, nil
		case <-tick.C:
		}
		s, err := w.sample(ctx)
		if ctx.Err() != nil {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, s)
	}
}

// trend is what happened to one part's lag.
type trend struct {
	mean, last int64
	perSecond  float64 // growth of the lag, least squares over the last three quarters
	inflow     float64 // records a second
	seconds    float64 // of those three quarters
	tooth      float64 // seconds of inflow by which a part that works in batches goes up and down
}

// growing allows 2% of the inflow, and half a tooth, since where the measured time cuts a
// saw-tooth shows as a slope.
func (t trend) growing() bool {
	return t.perSecond*t.seconds > t.inflow*(0.02*t.seconds+t.tooth/2)
}

// teeth is how long each part gathers records at most, in seconds.
var teeth = map[string]float64{partStages: 0.5, partCluster: 0.5, partSink: 10}

func trendOf(all []sample, part string) trend {
	all = all[len(all)/4:]
	if len(all) < 2 {
		return trend{}
	}
	first, last := all[0], all[len(all)-1]
	var sx, sy, sxx, sxy float64
	for _, s := range all {
		x, y := s.at.Sub(first.at).Seconds(), float64(s.lag[part])
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	n, seconds := float64(len(all)), last.at.Sub(first.at).Seconds()
	return trend{
		mean: int64(sy / n), last: last.lag[part],
		perSecond: (n*sxy - sx*sy) / (n*sxx - sx*sx),
		inflow:    float64(last.ends[part]-first.ends[part]) / seconds,
		seconds:   seconds, tooth: teeth[part],
	}
}
