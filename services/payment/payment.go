// Package payment keeps the windows of what the payment processor says of accounts.
//
//	payments ──► decode ──► fold ──► iolaus-links, iolaus-activity
//	                          └────► Redis: one packed state an account, with the offset
package payment

import (
	"context"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/stage"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// Group is the consumer group.
const Group = "iolaus-payment"

// Config is what the service runs with; Default and Validate are those of the first stage.
type Config = stage.ServiceConfig

// Default has no addresses, no key and no logger.
func Default() Config { return stage.DefaultService() }

// Run works until ctx ends. An error means a configuration that cannot work.
func Run(ctx context.Context, cfg Config) error {
	return stage.RunService(ctx, "payment", spec(), cfg)
}

func spec() stage.Spec[event.Payment, window.PaymentState, *window.PaymentState] {
	return stage.Spec[event.Payment, window.PaymentState, *window.PaymentState]{
		Stream: event.StreamPayment,
		Group:  Group,
		Decode: (*decode.Decoder).Payment,
		Meta:   func(e *event.Payment) *event.Meta { return &e.Meta },
		Fold:   fold.Payment,
		Flush:  fold.FlushPayment,
	}
}
