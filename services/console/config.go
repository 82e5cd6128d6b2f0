package console

import (
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/obs"
)

// maxRunID is the longest run_id that is looked up, in bytes.
const maxRunID = 128

// Config of the service.
type Config struct {
	ClickHouse clickhouse.Config
	HTTP       obs.HTTPConfig
	Pprof      obs.PprofConfig
	RunID      string      // key run.id: the run that is shown at first
	Log        *zap.Logger // required
}

// Default has no address and no logger.
func Default() Config {
	return Config{ClickHouse: clickhouse.Default(), HTTP: obs.DefaultHTTP(), Pprof: obs.DefaultPprof(), RunID: "live"}
}

// Validate says which key is wrong.
func (c Config) Validate() error {
	if c.Log == nil {
		return errors.New("console: no logger")
	}
	if c.RunID == "" || len(c.RunID) > maxRunID {
		return fmt.Errorf("run.id: want 1 to %d bytes", maxRunID)
	}
	for _, err := range []error{c.ClickHouse.Validate(), c.HTTP.Validate(), c.Pprof.Validate()} {
		if err != nil {
			return err
		}
	}
	return nil
}
