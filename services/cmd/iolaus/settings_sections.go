package main

import (
	"errors"

	"github.com/iolaus-io/iolaus/pkg/clickhouse"
	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/seal"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/pkg/token"
	"github.com/iolaus-io/iolaus/services/cluster"
	"github.com/iolaus-io/iolaus/services/decision"
	"github.com/iolaus-io/iolaus/services/sink"
)

// settings composes each package's section; the keys are their `koanf` tags. A command
// takes and validates only the sections it works with; the file may hold all of them.
type settings struct {
	Kafka      kafka.Config          `koanf:"kafka"`
	Redis      redisstore.Config     `koanf:"redis"`
	ClickHouse clickhouse.Config     `koanf:"clickhouse"`
	Privacy    token.Config          `koanf:"privacy"`
	DLQ        seal.Config           `koanf:"dlq"`
	Registry   decode.RegistryConfig `koanf:"schema_registry"`
	Stage      stageSettings         `koanf:"stage"`
	Cluster    cluster.Tuning        `koanf:"cluster"`
	Policy     policySettings        `koanf:"policy"`
	Sink       sink.BatchConfig      `koanf:"sink"`
	Decision   decisionSettings      `koanf:"decision"`
	RunOf      runSettings           `koanf:"run"`
	HTTP       obs.HTTPConfig        `koanf:"http"`
	Log        obs.LogConfig         `koanf:"log"`
	Pprof      obs.PprofConfig       `koanf:"pprof"`
}

// stageSettings: the section is shared by decoding and folding.
type stageSettings struct {
	decode.Limits
	stage.Settings
}

type policySettings struct {
	File string `koanf:"file" desc:"policy to decide by; empty for the built-in one"`
}

type decisionSettings struct {
	Loading decision.LoadingConfig `koanf:"loading"`
}

type runSettings struct {
	ID string `koanf:"id" desc:"run_id of the rows in ClickHouse"`
}

func defaultSettings() settings {
	return settings{
		Kafka:      kafka.Default(),
		Redis:      redisstore.Default(),
		ClickHouse: clickhouse.Default(),
		Privacy:    token.Default(),
		Stage:      stageSettings{Limits: decode.DefaultLimits(), Settings: stage.DefaultSettings()},
		Cluster:    cluster.DefaultTuning(),
		Sink:       sink.DefaultBatch(),
		Decision:   decisionSettings{Loading: decision.DefaultLoading()},
		RunOf:      runSettings{ID: "live"},
		HTTP:       obs.DefaultHTTP(),
		Log:        obs.DefaultLog(),
		Pprof:      obs.DefaultPprof(),
	}
}

// decodeConfig gathers what decoding takes from three sections.
func (s settings) decodeConfig() decode.Config {
	return decode.Config{Privacy: s.Privacy, Registry: s.Registry, Limits: s.Stage.Limits}
}

func (r runSettings) Validate() error {
	if r.ID == "" {
		return errors.New("run.id: is not set")
	}
	return nil
}
