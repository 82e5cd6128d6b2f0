package obs

import (
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// LogConfig is the section "log".
type LogConfig struct {
	Level  string `koanf:"level" desc:"debug, info, warn or error"`
	Format string `koanf:"format" desc:"json, or console for people"`
}

// DefaultLog logs from info up, as JSON.
func DefaultLog() LogConfig { return LogConfig{Level: "info", Format: "json"} }

// Validate says which key is wrong.
func (c LogConfig) Validate() error {
	if _, err := zapcore.ParseLevel(c.Level); err != nil {
		return fmt.Errorf("log.level: want debug, info, warn or error, not %q", c.Level)
	}
	if c.Format != "json" && c.Format != "console" {
		return fmt.Errorf("log.format: want json or console, not %q", c.Format)
	}
	return nil
}

// Sampling of repeated messages, as zap's production preset has it.
const (
	sampleTick       = time.Second
	sampleFirst      = 100
	sampleThereafter = 100
)

func encodeUTC(t time.Time, enc zapcore.PrimitiveArrayEncoder) {
	enc.AppendString(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// NewLogger logs to standard error. Times are RFC 3339 with milliseconds, in UTC. Name
// it for a component with Named. What repeats fast is sampled: the first 100 a second of one
// message and level, then each hundredth.
func NewLogger(cfg LogConfig) (*zap.Logger, error) {
	return newLogger(cfg, zapcore.Lock(os.Stderr))
}

func newLogger(cfg LogConfig, out zapcore.WriteSyncer) (*zap.Logger, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	level, err := zapcore.ParseLevel(cfg.Level)
	if err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	core := zapcore.NewCore(newEncoder(cfg.Format), out, level)
	return zap.New(zapcore.NewSamplerWithOptions(core, sampleTick, sampleFirst, sampleThereafter)), nil
}

func newEncoder(format string) zapcore.Encoder {
	enc := zap.NewProductionEncoderConfig()
	enc.EncodeTime = encodeUTC
	enc.TimeKey, enc.NameKey, enc.MessageKey = "time", "logger", "msg"
	if format == "console" {
		enc.EncodeLevel = zapcore.CapitalLevelEncoder
		return zapcore.NewConsoleEncoder(enc)
	}
	return zapcore.NewJSONEncoder(enc)
}
