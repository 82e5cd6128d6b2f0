// Package cluster is the service that joins: it reads the facts of the three account
// services, keeps the graph, reads the windows of the accounts that something happened
// to, scores, and decides.
//
//	iolaus-links ──► align ──► detector ──► one transaction ──► decisions
//	  (facts,         (event    (graph,      │                   cluster-scores
//	   progress)       time)     score,      │                   iolaus-members
//	Redis windows ──MGET──────►  policy)     │                   iolaus-account-scores
//
// One instance owns the graph; the others follow the same topics and take over. Three things
// make that safe. The owner is whoever holds the one partition of iolaus-control in the
// group iolaus-cluster-owner. Its producer is transactional under one id, so an owner
// that does not know that it was replaced is fenced. And the state is what the topics
// say: whoever takes over has read them to their end before it says anything.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Names that all instances share.
const (
	ownerGroup      = "iolaus-cluster-owner"
	transactionalID = "iolaus-cluster"
)

// Config of the service. Keys are in sections cluster and policy.
type Config struct {
	Tuning Tuning
	Policy string       // policy file, "" = built in
	Kafka  kafka.Config // how topics are created that do not exist
	Client []kgo.Opt    // seed brokers, security, logger
	Store  Store
	Status Status
	Log    *zap.Logger
}

// Tuning is the section "cluster".
type Tuning struct {
	Slack          time.Duration `koanf:"slack" desc:"event time that facts may run ahead of the slowest input that still has records to read"`
	MaxHold        time.Duration `koanf:"max_hold" desc:"after so long without word from an input, nobody waits for it"`
	SessionTimeout time.Duration `koanf:"session_timeout" desc:"after so long without a heartbeat the owner of the graph is replaced"`
}

// DefaultTuning holds facts back at most two seconds, and replaces an owner after six.
func DefaultTuning() Tuning {
	return Tuning{Slack: time.Minute, MaxHold: 2 * time.Second, SessionTimeout: 6 * time.Second}
}

// Validate reports the first bad setting by its key.
func (t Tuning) Validate() error {
	switch {
	case t.Slack < 0:
		return fmt.Errorf("cluster.slack: must not be negative")
	case t.MaxHold <= 0:
		return fmt.Errorf("cluster.max_hold: must be positive")
	case t.SessionTimeout < time.Second:
		return fmt.Errorf("cluster.session_timeout: must be at least 1s")
	}
	return nil
}

// Status is told how the service fares. Conditions are kafka, redis and state.
type Status interface {
	Ready(condition string, ok bool)
}

// Service is one instance.
type Service struct {
	cfg     Config
	policy  *policy.Policy
	metrics *Metrics
	mu      sync.Mutex
	seen    positions    // links read and evaluated, for Drained
	pending atomic.Int64 // facts held back
	judged  atomic.Int64 // event time, see Judged
	owner   atomic.Bool
}

// New checks the configuration and loads the policy.
func New(cfg Config, metrics *Metrics) (*Service, error) {
	if err := cfg.Tuning.Validate(); err != nil {
		return nil, err
	}
	pol, err := policy.Load(cfg.Policy)
	if err != nil {
		return nil, err
	}
	return &Service{cfg: cfg, policy: pol, metrics: metrics, seen: positions{}}, nil
}

// backoff after a failure, before the state is built again.
const backoff = 500 * time.Millisecond

// Run serves until ctx ends. A failure of a dependency is never an error: the instance
// drops what it holds, waits and builds its state again from the topics.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.life(ctx)
		if ctx.Err() != nil {
			break
		}
		s.setOwner(false)
		s.judged.Store(0)
		s.cfg.Status.Ready("state", false)
		s.metrics.Rebuilds.Inc()
		s.cfg.Log.Warn("building the state again", zap.Error(err))
		select {
		case <-ctx.Done():
		case <-time.After(backoff):
		}
	}
	return nil //nolint:nilerr // what ended the last life is logged, and only ctx ends the service
}

// errDeposed says that another instance owns the graph now.
var errDeposed = errors.New("another instance owns the graph now")

// life is one ownership: follow, become the owner, evaluate until something fails.
func (s *Service) life(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := s.ensureTopics(ctx); err != nil {
		return err
	}
	lease, err := s.openLease(ctx, cancel)
	if err != nil {
		return err
	}
	defer lease.close()
	l, err := s.newLife()
	if err != nil {
		return err
	}
	defer l.close()
	watched := make(chan struct{})
	go func() { defer close(watched); l.watch(ctx) }()
	defer func() { cancel(nil); <-watched }()
	if err := l.follow(ctx, lease.won); err != nil {
		return err
	}
	if err := l.takeOver(ctx); err != nil {
		return err
	}
	s.setOwner(true)
	s.cfg.Status.Ready("state", true)
	s.cfg.Log.Info("owning the graph", zap.Int("population", l.detector.Population()))
	return l.serve(ctx)
}

// ensureTopics creates what the service writes and follows, where it does not exist.
func (s *Service) ensureTopics(ctx context.Context) error {
	cl, err := kgo.NewClient(s.cfg.Client...)
	if err != nil {
		return fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer cl.Close()
	topics := append(Topics(), stage.Topics()...)
	if err := kafka.EnsureTopics(ctx, kadm.NewClient(cl), s.cfg.Kafka, topics); err != nil {
		s.cfg.Status.Ready("kafka", false)
		return err
	}
	return nil
}

func (s *Service) setOwner(owner bool) {
	s.owner.Store(owner)
	value := 0.0
	if owner {
		value = 1
	}
	s.metrics.Owner.Set(value)
}

// Owner reports whether this instance owns the graph.
func (s *Service) Owner() bool { return s.owner.Load() }

// Judged returns the event time (Unix ms) up to which everything that the inputs hold has
// been judged, as far as this instance knows; 0 while it does not own the graph.
func (s *Service) Judged() int64 { return s.judged.Load() }

// Drained reports whether everything up to the given ends of the links topic has been
// evaluated and written.
func (s *Service) Drained(linkEnds kadm.ListedOffsets) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owner.Load() && s.pending.Load() == 0 && s.seen.reached(linkEnds, wire.TopicLinks)
}

func (s *Service) newDetector() *detect.Detector {
	return detect.New(graph.DefaultConfig(), s.policy)
}
