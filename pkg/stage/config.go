// Package stage runs the first stage of a stream: records are decoded and folded into
// account windows in memory, facts and activity are produced, and the states and the
// input offset are stored in one fenced transaction. The services signup, request
// and payment each declare a Spec and run it.
package stage

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Settings are the keys of the section "stage" beside those of decoding.
type Settings struct {
	Lateness time.Duration `koanf:"lateness" desc:"how far behind its account's newest event an event is still counted"`
	Batch    int           `koanf:"batch" desc:"records folded at once, at most"`
	Resident int           `koanf:"resident" desc:"accounts whose packed state each process keeps in memory, for each stream"`
	Tell     time.Duration `koanf:"tell" desc:"longest time that an account's open minute is kept from the activity topic when there is nothing else to read"`
}

// DefaultSettings allows an hour of lateness.
func DefaultSettings() Settings {
	return Settings{Lateness: time.Hour, Batch: 5000, Resident: 200_000, Tell: time.Second}
}

// Validate reports the first bad setting by its key.
func (s Settings) Validate() error {
	longest := window.MaxLatenessMS * time.Millisecond
	switch {
	case s.Lateness < 0 || s.Lateness > longest:
		return fmt.Errorf("stage.lateness: is %s, must be 0 to %s", s.Lateness, longest)
	case s.Batch < 1 || s.Batch > 100_000:
		return fmt.Errorf("stage.batch: is %d, must be 1 to 100000", s.Batch)
	case s.Resident < 0:
		return fmt.Errorf("stage.resident: is %d, must not be negative", s.Resident)
	case s.Tell <= 0 || s.Tell > time.Minute:
		return fmt.Errorf("stage.tell: is %s, must be above 0 and at most 1m", s.Tell)
	}
	return nil
}

// Health is told what the stage depends on: obs.Service is one.
type Health interface {
	Ready(condition string, ok bool)
	NotReady(condition, why string)
}

// The conditions that Health is told of.
const (
	ConditionKafka = "kafka" // brokers answer
	ConditionRedis = "redis" // the store answers
	ConditionState = "state" // the group has been joined and each assigned partition is owned
)

// Sealer encrypts what goes to a topic that people may read: pkg/seal is one.
type Sealer interface {
	// Seal returns the sealed value of the record that stood at the given place. The same
	// record at the same place gives the same bytes.
	Seal(topic string, partition int32, offset int64, value []byte) []byte
}

// Config is what a stage runs with. All parts are required but Sealer.
type Config struct {
	Kafka    kafka.Config
	Redis    redisstore.Config
	Decode   decode.Config
	Settings Settings
	Sealer   Sealer // nil: rejected and late records are kept as they came
	Log      *zap.Logger
	Metrics  prometheus.Registerer
	Health   Health
}

// Validate reports the first bad setting by its key.
func (c Config) Validate() error {
	if c.Log == nil || c.Metrics == nil || c.Health == nil {
		return errors.New("stage: no logger, metrics or health")
	}
	for _, err := range []error{c.Kafka.Validate(), c.Redis.Validate(), c.Decode.Validate(), c.Settings.Validate()} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Packed is a window state that can be packed, unpacked and emptied.
type Packed[S any] interface {
	*S
	Append(dst []byte) []byte
	Decode(b []byte) error
	Reset()
}

// Spec declares a stream's first stage: its input topic and state, and how an event E
// is folded into a state S. Its outputs are those of Outputs.
type Spec[E, S any, P Packed[S]] struct {
	Stream event.Stream
	Group  string
	Decode func(d *decode.Decoder, r decode.Record, out *E) error
	Meta   func(e *E) *event.Meta
	Fold   func(st *S, e *E, p fold.Pos, latenessMS int64, out *fold.Out) (late bool)
	Flush  func(st *S, account string, out *fold.Out)
}

// Topic is the input topic.
func (s *Spec[E, S, P]) Topic() string { return s.Stream.String() }
