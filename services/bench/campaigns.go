package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/simulate"
)

// campaigns is a simulated world in two parts: the history, and the campaign accounts
// that came last, of which only the first events are kept, to arrive while it is measured.
type campaigns struct {
	history  []record
	arrivals [][]record // by account
	last     int64      // latest event time of the history
}

// record is one event in JSON, its event time still to be set.
type record struct {
	topic   string
	account string
	value   []byte
	ts      int64
}

// How much of a campaign arrives, and how.
const (
	arriving   = 0.4 // of each campaign's accounts: those that came last
	firstFew   = 12  // events of a new account that are sent
	eventSpace = 100 * time.Millisecond
)

// newCampaigns makes press with the given share of its accounts and few exchanges each.
func newCampaigns(scale float64) (*campaigns, error) {
	sc, err := simulate.Load("press")
	if err != nil {
		return nil, err
	}
	w, err := simulate.New(sc.Scaled(scale, scale/10), 1)
	if err != nil {
		return nil, fmt.Errorf("making the world: %w", err)
	}
	late := newcomers(w)
	c := &campaigns{}
	index := map[string]int{}
	w.Events(func(e simulate.Event) bool {
		if e.Stream == event.StreamLabel {
			return true
		}
		r := record{e.Stream.String(), e.AccountID, bytes.Clone(e.Value), e.TS}
		if !late[e.AccountID] {
			c.history, c.last = append(c.history, r), e.TS
			return true
		}
		i, ok := index[e.AccountID]
		if !ok {
			i = len(c.arrivals)
			index[e.AccountID] = i
			c.arrivals = append(c.arrivals, nil)
		}
		if len(c.arrivals[i]) < firstFew {
			c.arrivals[i] = append(c.arrivals[i], r)
		}
		return true
	})
	return c, nil
}

// newcomers picks a share of each campaign's accounts.
func newcomers(w *simulate.World) map[string]bool {
	byCampaign := map[string][]string{}
	for account, truth := range w.Truth() {
		if truth.Campaign != "" {
			byCampaign[truth.Campaign] = append(byCampaign[truth.Campaign], account)
		}
	}
	late := map[string]bool{}
	for _, accounts := range byCampaign {
		slices.Sort(accounts) // ids are random: any share is as good
		for _, a := range accounts[:int(arriving*float64(len(accounts)))] {
			late[a] = true
		}
	}
	return late
}

// playHistory produces the history so that it ends at the given time.
func (c *campaigns) playHistory(ctx context.Context, cl *kgo.Client, end int64) error {
	for i := range c.history {
		r := &c.history[i]
		cl.Produce(ctx, r.record(r.ts-c.last+end), nil)
	}
	if err := cl.Flush(ctx); err != nil {
		return fmt.Errorf("playing the history: %w", err)
	}
	return nil
}

// arrival is one event of a new account and when it is due.
type arrival struct {
	at    time.Duration
	event *record
}

// schedule spreads the new accounts over the given time, their events one after the other.
func (c *campaigns) schedule(length time.Duration) []arrival {
	rng := rand.New(rand.NewPCG(1, 2))
	var all []arrival
	for _, events := range c.arrivals {
		at := time.Duration(rng.Int64N(int64(length - firstFew*eventSpace)))
		for i := range events {
			all = append(all, arrival{at + time.Duration(i)*eventSpace, &events[i]})
		}
	}
	slices.SortStableFunc(all, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	return all
}

var tsField = []byte(`"ts":`)

// record is the event at a time, Unix ms.
func (r *record) record(ts int64) *kgo.Record {
	const digits = 13 // of a time in ms, from 2001 to 2286
	value := bytes.Clone(r.value)
	if at := bytes.Index(value, tsField); at >= 0 {
		copy(value[at+len(tsField):], strconv.AppendInt(make([]byte, 0, digits), ts, 10))
	}
	return &kgo.Record{Topic: r.topic, Key: []byte(r.account), Value: value}
}
