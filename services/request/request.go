// Package request keeps the windows of what accounts ask of the API.
//
//	requests ──► decode ──► fold ──► iolaus-links, iolaus-activity
//	                          └────► Redis: one packed state an account, with the offset
package request

import (
	"context"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Group is the consumer group.
const Group = "iolaus-request"

// Config is what the service runs with; Default and Validate are those of the first stage.
type Config = stage.ServiceConfig

// Default has no addresses, no key and no logger.
func Default() Config { return stage.DefaultService() }

// Run works until ctx ends. An error means a configuration that cannot work.
func Run(ctx context.Context, cfg Config) error {
	return stage.RunService(ctx, "request", spec(), cfg)
}

func spec() stage.Spec[event.Request, window.RequestState, *window.RequestState] {
	return stage.Spec[event.Request, window.RequestState, *window.RequestState]{
		Stream: event.StreamRequest,
		Group:  Group,
		Decode: (*decode.Decoder).Request,
		Meta:   func(e *event.Request) *event.Meta { return &e.Meta },
		Fold:   fold.Request,
		Flush:  fold.FlushRequest,
	}
}
