// Package kafka connects to Kafka, sets up topics and runs one owner for each
// assigned partition. It knows nothing of what the records mean.
package kafka

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kzap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Config is the section "kafka".
type Config struct {
	Brokers     []string      `koanf:"brokers" desc:"addresses of brokers, host:port"`
	Partitions  int           `koanf:"partitions" desc:"partitions of the topics that are created"`
	Replication int           `koanf:"replication" desc:"replicas of the topics that are created; 0 = 3, or as many as there are brokers"`
	Session     time.Duration `koanf:"session_timeout" desc:"after how long without a sign of life a member's partitions go to another"`
}

// Default has no brokers: they must be set.
func Default() Config { return Config{Partitions: 4, Session: 10 * time.Second} }

// Validate reports the first bad setting by its key.
func (c Config) Validate() error {
	switch {
	case len(c.Brokers) == 0:
		return errors.New("kafka.brokers: is not set")
	case c.Partitions < 1 || c.Partitions > 1024:
		return fmt.Errorf("kafka.partitions: is %d, must be 1 to 1024", c.Partitions)
	case c.Replication < 0 || c.Replication > 9:
		return fmt.Errorf("kafka.replication: is %d, must be 0 to 9", c.Replication)
	case c.Session < time.Second || c.Session > 5*time.Minute:
		return fmt.Errorf("kafka.session_timeout: is %s, must be 1s to 5m", c.Session)
	}
	return nil
}

const (
	linger         = time.Millisecond
	metadataMinAge = 250 * time.Millisecond // the default of 5 s lets a consumer stand for 8 s when a leader dies
	maxBuffered    = 200_000
)

// Options returns what every client of Iolaus is made with. Producing is idempotent,
// waits for all replicas, and never gives up by itself: a broker that is down is waited for.
func (c Config) Options(clientID string, log *zap.Logger) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(clientID),
		kgo.WithLogger(kzap.New(log.Named("kafka").WithOptions(zap.IncreaseLevel(zapcore.WarnLevel)))),
		kgo.MetadataMinAge(metadataMinAge),
		kgo.ProducerLinger(linger),
		kgo.ProducerBatchCompression(kgo.SnappyCompression(), kgo.NoCompression()),
		kgo.MaxBufferedRecords(maxBuffered),
		kgo.UnknownTopicRetries(-1),
		kgo.ProducerBatchMaxBytesFn(batchBytes),
	}
}

const (
	defaultBatchBytes = 1_000_012 // what brokers accept by default
	// WholeBytes is the largest record of a topic that takes whole copies of others: above
	// what a producer can get into an input topic, with headers and a seal.
	WholeBytes = 16 << 20
)

// batchBytes bounds a batch as its topic does.
func batchBytes(topic string) int32 {
	if strings.HasSuffix(topic, wire.SuffixDLQ) || strings.HasSuffix(topic, wire.SuffixLate) {
		return WholeBytes
	}
	return defaultBatchBytes
}
