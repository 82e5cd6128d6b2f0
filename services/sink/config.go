package sink

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/seal"
)

// Group is the consumer group: what it has committed is in ClickHouse.
const Group = "iolaus-sink"

// Config of the service. Only Batch is its own section, "sink".
type Config struct {
	Kafka      kafka.Config
	ClickHouse clickhouse.Config
	Decode     decode.Config // of labels
	Seal       seal.Config   // of labels that are rejected
	HTTP       obs.HTTPConfig
	Pprof      obs.PprofConfig
	Batch      BatchConfig
	RunID      string      // key run.id: the run_id of every row
	Log        *zap.Logger // required

	// Service, where given, shows metrics and readiness, and whoever gave it serves them: HTTP
	// and Pprof are then not used. See NewObs.
	Service *obs.Service
}

// BatchConfig is the section "sink".
type BatchConfig struct {
	Rows   int           `koanf:"rows" desc:"rows of an insert at most"`
	Linger time.Duration `koanf:"linger" desc:"longest time a decision waits for its batch to fill; what explains it up to 3 times, activity and links up to 10 times as long"`
	Idle   time.Duration `koanf:"idle" desc:"a batch of decisions that nothing joins for so long is sent; others wait as many times longer"`
	Drain  time.Duration `koanf:"drain" desc:"time to finish a batch when a partition is given up"`
}

// DefaultBatch makes at most an insert a second and partition of decisions, one in ten seconds of
// activity and of links, of up to 50,000 rows.
func DefaultBatch() BatchConfig {
	return BatchConfig{Rows: 50_000, Linger: time.Second, Idle: 200 * time.Millisecond, Drain: 3 * time.Second}
}

// Validate says which key is wrong.
func (c BatchConfig) Validate() error {
	switch {
	case c.Rows < 1 || c.Rows > 1_000_000:
		return errors.New("sink.rows: must be 1 to 1000000: a larger insert would be split, and a split one is not repeated as one")
	case c.Linger <= 0:
		return errors.New("sink.linger: must be above zero")
	case c.Idle <= 0:
		return errors.New("sink.idle: must be above zero")
	case c.Drain <= 0:
		return errors.New("sink.drain: must be above zero")
	}
	return nil
}

// Default has no addresses, no key and no logger.
func Default() Config {
	return Config{
		Kafka: kafka.Default(), ClickHouse: clickhouse.Default(), Decode: decode.Default(),
		HTTP: obs.DefaultHTTP(), Pprof: obs.DefaultPprof(), Batch: DefaultBatch(), RunID: "live",
	}
}

// Validate says which key is wrong.
func (c Config) Validate() error {
	switch {
	case c.Log == nil:
		return errors.New("sink: no logger")
	case c.RunID == "":
		return errors.New("run.id: is not set")
	}
	for _, err := range []error{
		c.Kafka.Validate(), c.ClickHouse.Validate(), c.Decode.Validate(), c.Seal.Validate(), c.HTTP.Validate(), c.Pprof.Validate(), c.Batch.Validate(),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
