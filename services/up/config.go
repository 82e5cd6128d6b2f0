package up

import (
	"errors"
	"fmt"
	"io"

	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/seal"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/services/cluster"
	"github.com/iolaus-io/iolaus/services/decision"
	"github.com/iolaus-io/iolaus/services/sink"
)

// Config composes the services' sections, with what only up needs.
type Config struct {
	Data             string // folder of the embedded stores
	ListenKafka      string // where the embedded Kafka listens; "" = a free loopback port
	ListenClickHouse string // where the embedded ClickHouse listens over HTTP; "" = a free loopback port
	Scenario         Scenario
	UntilDone        bool
	Out              string // folder for the live path's results, with UntilDone
	Terminal         bool   // redraw the summary in place
	Print            io.Writer

	Kafka      kafka.Config
	Redis      redisstore.Config
	ClickHouse clickhouse.Config
	Decode     decode.Config
	Seal       seal.Config
	Stage      stage.Settings
	Cluster    cluster.Tuning
	Policy     string
	Sink       sink.BatchConfig
	Loading    decision.LoadingConfig
	RunID      string
	HTTP       obs.HTTPConfig
	Pprof      obs.PprofConfig
	Log        *zap.Logger
}

// Scenario is what is played to the input topics.
type Scenario struct {
	Source string  // name, YAML file or folder of the four input files; "" = nothing is played
	Scale  float64 // of a named scenario's or a file's accounts and exchanges
	Seed   uint64
	Speed  float64 // times its own pace; 0 = as fast as it goes
}

// Validate reports the first bad setting by its key or flag; the scenario and the policy
// are read for it.
func (c *Config) Validate() error {
	switch {
	case c.Data == "":
		return errors.New("--data: must not be empty")
	case c.Scenario.Speed < 0:
		return errors.New("--speed: must not be negative")
	case c.UntilDone && c.Scenario.Source == "":
		return errors.New("--until-done: needs a --scenario that can end")
	case c.Out != "" && !c.UntilDone:
		return errors.New("--out: needs --until-done")
	}
	for _, err := range []error{c.Seal.Validate(), c.Stage.Validate(), c.Cluster.Validate(), c.Sink.Validate(), c.HTTP.Validate(), c.Pprof.Validate()} {
		if err != nil {
			return err
		}
	}
	if c.Kafka.Partitions < 1 {
		return fmt.Errorf("kafka.partitions: is %d, must be at least 1", c.Kafka.Partitions)
	}
	if err := c.Scenario.check(); err != nil {
		return fmt.Errorf("--scenario: %w", err)
	}
	_, err := policy.Load(c.Policy)
	return err
}
