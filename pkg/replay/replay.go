package replay

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/report"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Config says what to replay. Exactly one of Input, Records and Kafka is set.
type Config struct {
	Input      string // folder of the four input files
	Records    Records
	Kafka      KafkaRange
	Policy     string // policy file, "" = built in
	Labels     string // labels file to judge by, "" = the input's own
	FeedLabels bool   // tell the detector the labels, when their time comes
	Out        string // folder for the results, "" = none are written
	RunID      string
	Decode     decode.Config
	Lateness   time.Duration
	Graph      graph.Config

	// Progress, where set, is called about ten times a second from the replay's goroutine.
	Progress func(Progress)
	// Watch, where set, is told what is read and what is said.
	Watch Watcher
	// Cost, where set, receives what the replay took; measuring costs 0.1 µs an event.
	Cost *Cost
}

// Progress says how far a replay has come.
type Progress struct {
	Done, Total int64 // bytes of files, or records of topics
	Events      uint64
	EventMS     int64 // event time reached
	Suspended   int
}

// Run replays and writes the results.
func Run(ctx context.Context, cfg Config) (report.Metrics, error) {
	pol, err := policy.Load(cfg.Policy)
	if err != nil {
		return report.Metrics{}, err
	}
	dec, err := decode.New(cfg.Decode)
	if err != nil {
		return report.Metrics{}, err
	}
	sources, err := open(ctx, &cfg, dec)
	if err != nil {
		return report.Metrics{}, err
	}
	defer closeAll(sources)
	var out *report.Files
	if cfg.Out != "" {
		if out, err = report.Create(cfg.Out); err != nil {
			return report.Metrics{}, err
		}
	}
	r := newRunner(&cfg, pol, out)
	if err := r.metered(ctx, sources); err != nil {
		out.Abort()
		return report.Metrics{}, err
	}
	if r.events == 0 && cfg.Input == "" {
		out.Abort()
		return report.Metrics{}, errNothing
	}
	if cfg.Labels != "" {
		if err := r.judgeBy(ctx, cfg.Labels, dec); err != nil {
			out.Abort()
			return report.Metrics{}, err
		}
	}
	if err := out.Close(r.tally); err != nil {
		out.Abort()
		return report.Metrics{}, err
	}
	return r.tally.Metrics(), nil
}

// errNothing says that a range of topics holds nothing, which is never what was meant. A
// folder of empty files is a run without events.
var errNothing = errors.New("no event in the range: the topics are empty, or retention has deleted it from them")

func open(ctx context.Context, cfg *Config, dec *decode.Decoder) ([]source, error) {
	if cfg.Input != "" {
		return openFiles(cfg.Input, dec)
	}
	if cfg.Records != nil {
		return openRecords(cfg.Records, dec), nil
	}
	return openTopics(ctx, cfg.Kafka, dec)
}

// states are one account's windows.
type states struct {
	signup  *window.SignupState
	request *window.RequestState
	payment *window.PaymentState
}

type runner struct {
	cfg      *Config
	detector *detect.Detector
	tally    *report.Tally
	out      *report.Files
	accounts map[string]*states
	step     fold.Out
	refs     []detect.Ref
	joined   joined
	events   uint64
	told     time.Time
	meter    *meter // nil = nothing is measured
	waited   time.Duration
}

func newRunner(cfg *Config, pol *policy.Policy, out *report.Files) *runner {
	return &runner{
		cfg: cfg, out: out, detector: detect.New(cfg.Graph, pol),
		tally: report.NewTally(cfg.RunID, pol.Version()), accounts: map[string]*states{},
	}
}

func (r *runner) all(ctx context.Context, sources []source) error {
	m, err := merge(ctx, sources)
	if err != nil {
		return err
	}
	defer m.close()
	defer func() { r.waited = m.waited }()
	for {
		e, err := m.next()
		if err != nil {
			return err
		}
		if e == nil {
			return ctx.Err() // sources that were told to stop end early
		}
		if err := r.event(e); err != nil {
			return fmt.Errorf("%s, partition %d, offset %d: %w", e.Stream, e.Partition, e.Offset, err)
		}
		r.events++
		if r.events%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.progress(sources, e.TS)
		}
	}
}

func (r *runner) progress(sources []source, ts int64) {
	if r.cfg.Progress == nil || time.Since(r.told) < 100*time.Millisecond {
		return
	}
	r.told = time.Now()
	p := Progress{Events: r.events, EventMS: ts, Suspended: r.tally.Suspended()}
	for _, s := range sources {
		done, total := s.progress()
		p.Done += done
		p.Total += total
	}
	r.cfg.Progress(p)
}

// event takes one record through the whole detector.
func (r *runner) event(e *Event) error {
	if e.Rejected != "" {
		r.tally.Rejected(e.Rejected)
		return nil
	}
	if e.Stream == event.StreamLabel {
		return r.label(e.Label)
	}
	if r.cfg.Watch != nil {
		r.meter.begin()
		r.cfg.Watch.Event(e)
		r.meter.end(stageWatch)
	}
	meta := e.meta()
	st := r.accounts[meta.AccountID]
	if st == nil {
		st = &states{}
		r.accounts[meta.AccountID] = st
	}
	r.meter.begin()
	late := r.fold(st, e)
	r.meter.end(stageFold)
	if late {
		r.tally.Late()
		return nil
	}
	r.tally.Event(e.Stream, meta)
	if len(r.step.Facts) == 0 {
		return nil
	}
	r.meter.begin()
	for i := range r.step.Facts {
		r.detector.Observe(&r.step.Facts[i])
	}
	return r.evaluate()
}

func (r *runner) fold(st *states, e *Event) (late bool) {
	pos := fold.Pos{Partition: e.Partition, Offset: e.Offset}
	lateness := r.cfg.Lateness.Milliseconds()
	switch e.Stream {
	case event.StreamSignup:
		if st.signup == nil {
			st.signup = &window.SignupState{}
		}
		return fold.Signup(st.signup, e.Signup, pos, lateness, &r.step)
	case event.StreamRequest:
		if st.request == nil {
			st.request = &window.RequestState{}
		}
		return fold.Request(st.request, e.Request, pos, lateness, &r.step)
	default:
		if st.payment == nil {
			st.payment = &window.PaymentState{}
		}
		return fold.Payment(st.payment, e.Payment, pos, lateness, &r.step)
	}
}

// evaluate looks at whoever was marked. The meter has begun when it is called.
func (r *runner) evaluate() error {
	r.refs = r.detector.Dirty(r.refs[:0])
	for _, ref := range r.refs {
		r.detector.Join(ref.Account, r.joined.join(r.accounts[ref.Account], ref.At), ref.At)
	}
	out := r.detector.Evaluate(0)
	r.meter.end(stageDetect)
	if r.cfg.Watch != nil {
		r.meter.begin()
		r.cfg.Watch.Output(out)
		r.meter.end(stageWatch)
	}
	for i := range out.Members {
		r.tally.Member(&out.Members[i])
	}
	for i := range out.Clusters {
		r.tally.ClusterScore(&out.Clusters[i])
	}
	for i := range out.Accounts {
		r.tally.AccountScore(&out.Accounts[i])
	}
	for i := range out.Decisions {
		r.tally.Decision(&out.Decisions[i])
		if err := r.out.Decision(&out.Decisions[i]); err != nil {
			return err
		}
	}
	return nil
}

// joined is window.Join into the same memory each time: the detector keeps nothing of it.
type joined struct {
	all     window.Features
	signup  window.SignupFeatures
	request window.RequestFeatures
	payment window.PaymentFeatures
}

// join joins an account's windows at an event time.
func (j *joined) join(s *states, at int64) *window.Features {
	j.all = window.Features{}
	if s.signup != nil {
		j.signup = s.signup.Features(at)
		j.all.Signup = &j.signup
	}
	if s.request != nil {
		j.request = s.request.Features(at)
		j.all.Requests = &j.request
	}
	if s.payment != nil {
		j.payment = s.payment.Features(at)
		j.all.Payments = &j.payment
	}
	return &j.all
}

// label keeps a label for the metrics; the detector hears of it only when asked to.
func (r *runner) label(l *event.Label) error {
	r.tally.Event(event.StreamLabel, &l.Meta)
	if r.cfg.Labels == "" {
		r.tally.Label(l)
	}
	if !r.cfg.FeedLabels {
		return nil
	}
	r.meter.begin()
	r.detector.Label(l)
	return r.evaluate()
}

// judgeBy reads the labels of another file for the metrics.
func (r *runner) judgeBy(ctx context.Context, path string, dec *decode.Decoder) error {
	if err := eachLabel(ctx, path, dec, r.tally.Label); err != nil {
		return fmt.Errorf("--labels %s: %w", filepath.Base(path), err)
	}
	return nil
}
