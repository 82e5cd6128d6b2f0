package decision

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/kafka"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// Config of the service. Only Loading is its own section, "decision.loading".
type Config struct {
	Kafka   kafka.Config
	HTTP    obs.HTTPConfig
	Pprof   obs.PprofConfig
	Loading LoadingConfig
	Log     *zap.Logger // required
}

// Default has no Kafka address and no logger.
func Default() Config {
	return Config{Kafka: kafka.Default(), HTTP: obs.DefaultHTTP(), Pprof: obs.DefaultPprof(), Loading: DefaultLoading()}
}

// Validate says which key is wrong.
func (c Config) Validate() error {
	if c.Log == nil {
		return errors.New("decision: no logger")
	}
	for _, err := range []error{c.Kafka.Validate(), c.HTTP.Validate(), c.Pprof.Validate(), c.Loading.Validate()} {
		if err != nil {
			return err
		}
	}
	return nil
}

// What to answer while the state is loading.
const (
	AnswerKnown       = "known" // what has been read so far
	AnswerAllow       = "allow"
	AnswerDeny        = "deny" // suspend
	AnswerUnavailable = "503"  // no answer: status 503, or UNAVAILABLE
)

// LoadingConfig is the section "decision.loading": what is answered until the state is
// complete, by the action that has been read so far. That action may be out of date: a
// later record may change it. Default is for accounts of which nothing has been read.
type LoadingConfig struct {
	Default   string `koanf:"default" desc:"answer while loading about an account not read yet: allow, deny or 503"`
	Allow     string `koanf:"allow" desc:"answer while loading where allow was read: known, allow, deny or 503"`
	Observe   string `koanf:"observe" desc:"answer while loading where observe was read: known, allow, deny or 503"`
	Verify    string `koanf:"verify" desc:"answer while loading where verify was read: known, allow, deny or 503"`
	Throttle  string `koanf:"throttle" desc:"answer while loading where throttle was read: known, allow, deny or 503"`
	Suspend   string `koanf:"suspend" desc:"answer while loading where suspend was read: known, allow, deny or 503"`
	RevokeKey string `koanf:"revoke_key" desc:"answer while loading where the key was read to be revoked: known, allow, deny or 503"`
}

// DefaultLoading answers what is known so far; about an account not read yet it leaves
// the choice to the gateway (503).
func DefaultLoading() LoadingConfig {
	return LoadingConfig{
		Default: AnswerUnavailable, Allow: AnswerKnown, Observe: AnswerKnown, Verify: AnswerKnown,
		Throttle: AnswerKnown, Suspend: AnswerKnown, RevokeKey: AnswerKnown,
	}
}

// Validate says which key is wrong.
func (c LoadingConfig) Validate() error {
	keys := []struct{ key, value string }{
		{"default", c.Default}, {wire.ActionAllow, c.Allow}, {wire.ActionObserve, c.Observe}, {wire.ActionVerify, c.Verify},
		{wire.ActionThrottle, c.Throttle}, {wire.ActionSuspend, c.Suspend}, {wire.ActionRevokeKey, c.RevokeKey},
	}
	for _, k := range keys {
		want := []string{AnswerKnown, AnswerAllow, AnswerDeny, AnswerUnavailable}
		if k.key == "default" {
			want = want[1:]
		}
		if !slices.Contains(want, k.value) {
			return fmt.Errorf("decision.loading.%s: want one of %s, not %q", k.key, strings.Join(want, ", "), k.value)
		}
	}
	return nil
}

// answer is the configured answer for the action read so far.
func (c LoadingConfig) answer(known string) string {
	switch known {
	case wire.ActionAllow:
		return c.Allow
	case wire.ActionObserve:
		return c.Observe
	case wire.ActionVerify:
		return c.Verify
	case wire.ActionThrottle:
		return c.Throttle
	case wire.ActionSuspend:
		return c.Suspend
	case wire.ActionRevokeKey:
		return c.RevokeKey
	default:
		return c.Default
	}
}
