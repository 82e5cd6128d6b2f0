package stage

import (
	"context"
	"errors"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/seal"
)

// ServiceConfig is what one of the services signup, request and payment runs with.
type ServiceConfig struct {
	Kafka    kafka.Config
	Redis    redisstore.Config
	Decode   decode.Config
	Seal     seal.Config // no key: rejected and late records are kept as they came
	Settings Settings
	HTTP     obs.HTTPConfig
	Pprof    obs.PprofConfig
	Log      *zap.Logger // required

	// Service, where given, shows the stage's metrics and readiness, and whoever gave it serves
	// them: HTTP and Pprof are then not used. See NewObs.
	Service *obs.Service
}

// NewObs makes the service that a stage of the name shows itself by.
func NewObs(name string, log *zap.Logger) *obs.Service {
	return obs.NewService(name, log, ConditionKafka, ConditionRedis, ConditionState)
}

// DefaultService has no addresses, no key and no logger.
func DefaultService() ServiceConfig {
	return ServiceConfig{
		Kafka: kafka.Default(), Redis: redisstore.Default(), Decode: decode.Default(), Settings: DefaultSettings(),
		HTTP: obs.DefaultHTTP(), Pprof: obs.DefaultPprof(),
	}
}

// Validate reports the first bad setting by its key.
func (c ServiceConfig) Validate() error {
	if c.Log == nil {
		return errors.New("stage: no logger")
	}
	for _, err := range []error{
		c.Kafka.Validate(), c.Redis.Validate(), c.Decode.Validate(), c.Seal.Validate(), c.Settings.Validate(), c.HTTP.Validate(), c.Pprof.Validate(),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// RunService runs a stage with its HTTP side until ctx ends. An error means a
// configuration that cannot work.
func RunService[E, S any, P Packed[S]](ctx context.Context, name string, spec Spec[E, S, P], cfg ServiceConfig) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	service := cfg.Service
	if service == nil {
		service = NewObs(name, cfg.Log)
	}
	run := Config{
		Kafka: cfg.Kafka, Redis: cfg.Redis, Decode: cfg.Decode, Settings: cfg.Settings,
		Log: service.Log, Metrics: service.Registerer(), Health: service,
	}
	if cfg.Seal.Enabled() {
		sealer, err := seal.New(cfg.Seal)
		if err != nil {
			return err
		}
		run.Sealer = sealer
	}
	g, ctx := errgroup.WithContext(ctx)
	if cfg.Service == nil {
		g.Go(func() error { return service.RunHTTP(ctx, cfg.HTTP, cfg.Pprof, nil) })
	}
	g.Go(func() error { return Run(ctx, spec, run) })
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
