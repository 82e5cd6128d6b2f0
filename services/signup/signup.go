// Package signup keeps what is known of accounts from their creation.
//
//	signups  ──► decode ──► fold ──► iolaus-links, iolaus-activity
//	                          └────► Redis: one packed state an account, with the offset
package signup

import (
	"context"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Group is the consumer group.
const Group = "iolaus-signup"

// Config is what the service runs with; Default and Validate are those of the first stage.
type Config = stage.ServiceConfig

// Default has no addresses, no key and no logger.
func Default() Config { return stage.DefaultService() }

// Run works until ctx ends. An error means a configuration that cannot work.
func Run(ctx context.Context, cfg Config) error {
	return stage.RunService(ctx, "signup", spec(), cfg)
}

func spec() stage.Spec[event.Signup, window.SignupState, *window.SignupState] {
	return stage.Spec[event.Signup, window.SignupState, *window.SignupState]{
		Stream: event.StreamSignup,
		Group:  Group,
		Decode: (*decode.Decoder).Signup,
		Meta:   func(e *event.Signup) *event.Meta { return &e.Meta },
		Fold:   fold.Signup,
		Flush:  fold.FlushSignup,
	}
}
