package exact_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/iolaus-io/iolaus/pkg/decode"
	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/fold"
	"github.com/iolaus-io/iolaus/pkg/redisstore"
	"github.com/iolaus-io/iolaus/pkg/simulate"
	"github.com/iolaus-io/iolaus/pkg/testbackend"
	"github.com/iolaus-io/iolaus/pkg/window"
)

// bytesPerAccount is the most that an active account may take in Redis over its three
// streams, keys and the server's own bookkeeping included.
const bytesPerAccount = 900

// TestRedisSize plays the scenario of the reports, small, and asks Redis what the
// states of the accounts that made requests take.
func TestRedisSize(t *testing.T) {
	const scale = 0.02
	sc, err := simulate.Load("press")
	if err != nil {
		t.Fatal(err)
	}
	w, err := simulate.New(sc.Scaled(scale, scale), 1)
	if err != nil {
		t.Fatal(err)
	}
	signups, requests, payments := play(t, w)
	url := testbackend.Redis(t)
	store := func(prefix string) (n [3]int, size [3]float64) {
		cfg := redisstore.Default()
		cfg.URL, cfg.Prefix = url, prefix
		store, err := redisstore.New(cfg)
		must(t, err)
		n[0], size[0] = save(t, store, event.StreamRequest, requests)
		n[1], size[1] = save(t, store, event.StreamSignup, signups)
		n[2], size[2] = save(t, store, event.StreamPayment, payments)
		must(t, store.Close()) // Redis counts its connections' buffers
		time.Sleep(200 * time.Millisecond)
		return n, size
	}
	store("before:") // what the server allots but once
	before := used(t, url)
	n, size := store("iolaus:")
	each := (used(t, url) - before) / float64(n[0])
	t.Logf("%d accounts with requests (%.0f bytes packed), %d with a signup (%.0f), %d with payments (%.0f): %.0f bytes of Redis for each with requests",
		n[0], size[0], n[1], size[1], n[2], size[2], each)
	if each > bytesPerAccount {
		t.Errorf("%.0f bytes an account, want at most %d", each, bytesPerAccount)
	}
}

type (
	signupStates  = map[string]*window.SignupState
	requestStates = map[string]*window.RequestState
	paymentStates = map[string]*window.PaymentState
)

// play folds a whole scenario.
func play(t *testing.T, w *simulate.World) (signupStates, requestStates, paymentStates) {
	t.Helper()
	cfg := decode.Default()
	cfg.Privacy.HMACKey = strings.Repeat("k", 32)
	d, err := decode.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	signups, requests, payments := signupStates{}, requestStates{}, paymentStates{}
	out, offset := new(fold.Out), int64(0)
	for e := range w.Events {
		offset++
		pos, in := fold.Pos{Offset: offset}, decode.Record{Key: []byte(e.AccountID), Value: e.Value}
		switch e.Stream {
		case event.StreamSignup:
			var ev event.Signup
			must(t, d.Signup(in, &ev))
			fold.Signup(state(signups, ev.AccountID), &ev, pos, window.DefaultLatenessMS, out)
		case event.StreamRequest:
			var ev event.Request
			must(t, d.Request(in, &ev))
			fold.Request(state(requests, ev.AccountID), &ev, pos, window.DefaultLatenessMS, out)
		case event.StreamPayment:
			var ev event.Payment
			must(t, d.Payment(in, &ev))
			fold.Payment(state(payments, ev.AccountID), &ev, pos, window.DefaultLatenessMS, out)
		}
	}
	return signups, requests, payments
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func state[S any](m map[string]*S, account string) *S {
	if m[account] == nil {
		m[account] = new(S)
	}
	return m[account]
}

// save stores the states as a service would, and returns how many and their mean size.
func save[S interface{ Append([]byte) []byte }](t *testing.T, store *redisstore.Store, stream event.Stream, states map[string]S) (int, float64) {
	t.Helper()
	var all []redisstore.State
	size := 0
	for account, st := range states {
		b := st.Append(nil)
		size += len(b)
		all = append(all, redisstore.State{Account: account, Packed: b})
	}
	epoch, pos, err := store.Acquire(t.Context(), stream, 0)
	must(t, err)
	must(t, store.Commit(t.Context(), redisstore.Lease{Stream: stream, Epoch: epoch}, pos, redisstore.Position{Next: 1}, all))
	return len(all), float64(size) / float64(len(all))
}

func used(t *testing.T, url string) (n float64) {
	t.Helper()
	opt, err := redis.ParseURL(url)
	must(t, err)
	r := redis.NewClient(opt)
	defer r.Close() //nolint:errcheck // read-only
	dataset := r.InfoMap(t.Context(), "memory").Val()["Memory"]["used_memory"]
	_, err = fmt.Sscan(dataset, &n)
	must(t, err)
	return n
}
