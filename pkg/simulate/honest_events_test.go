package simulate

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// What honest accounts do, seen in the events.

// People rest on their own country's days and work in their own zone's hours; the
// launch crowd turns to the new model at once and most others do not.
func TestRhythms(t *testing.T) {
	w := honestWorld(t, 9000, 500_000, 7)
	byID := map[string]*account{}
	for _, a := range w.accounts {
		byID[a.id] = a
	}
	var rest, work, office, all float64
	var awake, signups float64
	for _, a := range w.accounts {
		if local := a.created + int64(a.home.zone)*hourMS; !a.older {
			signups++
			if h := local % dayMS / hourMS; h >= 8 && h < 23 {
				awake++
			}
		}
	}
	if awake/signups < 0.7 { // 0.63 if it made no difference
		t.Errorf("%.2f of the signups come by day", awake/signups)
	}
	var crowd, others, crowdNew, othersNew float64
	launch := w.models[1].launch
	for e := range w.Events {
		if e.Stream != event.StreamRequest {
			continue
		}
		a := byID[e.AccountID]
		local := e.TS + int64(a.home.zone)*hourMS
		if a.class.name == "org_sso" || a.class.name == "org_plain" {
			all++
			if h := local % dayMS / hourMS; h >= 7 && h < 20 {
				office++
			}
			if a.home.restful(local / dayMS) {
				rest++
			} else {
				work++
			}
		}
		if e.TS >= launch && e.TS < launch+dayMS {
			isNew := 0.0
			if strings.Contains(string(e.Value), `"model":"new"`) {
				isNew = 1
			}
			if a.class.name == "early_adopter" {
				crowd, crowdNew = crowd+1, crowdNew+isNew
			} else {
				others, othersNew = others+1, othersNew+isNew
			}
		}
	}
	if share := office / all; share < 0.75 {
		t.Errorf("%.2f of the organisations' work is done in office hours", share)
	}
	if ratio := (rest / 9) / (work / 19); ratio > 0.5 { // 8 weekend days and about one holiday in 28
		t.Errorf("a day of rest has %.2f of a working day's volume", ratio)
	}
	if crowdNew/crowd < 0.6 || othersNew/others > 0.35 {
		t.Errorf("on the first day %.2f of the launch crowd's and %.2f of others' exchanges ask for the new model", crowdNew/crowd, othersNew/others)
	}
}

// Whatever population a scenario asks for, it gets: accounts and exchanges to the number,
// each account's label, nothing used or paid for before its signup, nothing after the end.
func TestHonestExact(t *testing.T) {
	tr, err := loadTraces()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		sc := &Scenario{Name: "any", Start: "2026-03-02", Days: rapid.IntRange(1, 20).Draw(t, "days"), Honest: Honest{
			Accounts:  rapid.IntRange(0, 150).Draw(t, "accounts"),
			Exchanges: rapid.Int64Range(0, 2000).Draw(t, "exchanges"),
			Older:     rapid.SampledFrom([]float64{0, 0.6, 1}).Draw(t, "older"),
			Classes:   map[string]float64{},
		}}
		if only := rapid.SampledFrom(append(classNames(), "")).Draw(t, "only"); only != "" {
			for _, name := range classNames() {
				if name != only {
					sc.Honest.Classes[name] = 0
				}
			}
		}
		if err := sc.fill(); err != nil {
			t.Fatal(err)
		}
		if err := sc.Validate(); err != nil {
			t.Fatal(err)
		}
		w := build(sc, rapid.Uint64().Draw(t, "seed"), tr)
		exchanges, labels, used := int64(0), map[string]bool{}, map[string]bool{}
		for e := range w.Events {
			switch e.Stream {
			case event.StreamRequest:
				exchanges++
				if e.TS >= w.end+6*hourMS { // the last conversations run a little over
					t.Fatalf("%d after the end: %s", e.TS-w.end, e.Value)
				}
			case event.StreamLabel:
				labels[e.AccountID] = true
			case event.StreamSignup:
				if used[e.AccountID] {
					t.Fatalf("used before it was there: %s", e.Value)
				}
			}
			used[e.AccountID] = true
		}
		want := sc.Honest.Exchanges
		if sc.Honest.Accounts == 0 {
			want = 0
		}
		if exchanges != want || len(labels) != sc.Honest.Accounts {
			t.Fatalf("%d exchanges of %d, %d accounts of %d", exchanges, want, len(labels), sc.Honest.Accounts)
		}
	})
}

// A gateway that does not send a field never sends it, one account in five is behind such a
// one, and volumes have a heavy tail.
func TestGatewaysAndTails(t *testing.T) {
	w := honestWorld(t, 4000, 150_000, 8)
	optional := []string{"ja4", "user_agent", "conversation_id", "task", "tool_calls", "latency_ms", "country", "asn", "suffix_hash", "cot_score"}
	requests, present := map[string]int{}, map[string][]int{}
	for e := range w.Events {
		if e.Stream != event.StreamRequest {
			continue
		}
		requests[e.AccountID]++
		if present[e.AccountID] == nil {
			present[e.AccountID] = make([]int, len(optional))
		}
		for i, f := range optional {
			if field(e.Value, f) != "" {
				present[e.AccountID][i]++
			}
		}
	}
	behind := 0
	var volumes []int
	for id, n := range requests {
		volumes = append(volumes, n)
		for i, seen := range present[id] {
			if seen != 0 && seen != n {
				t.Fatalf("%s: %s in %d of %d requests", id, optional[i], seen, n)
			}
		}
		if slices.Contains(present[id], 0) {
			behind++
		}
	}
	if share := float64(behind) / float64(len(requests)); share < 0.15 || share > 0.4 {
		t.Errorf("%.2f of the accounts lack a field", share)
	}
	slices.Sort(volumes)
	sum, top := 0, 0
	for i, v := range volumes {
		sum += v
		if i >= len(volumes)*99/100 {
			top += v
		}
	}
	median, mean := float64(volumes[len(volumes)/2]), float64(sum)/float64(len(volumes))
	if share := float64(top) / float64(sum); share < 0.2 || mean < 2*median {
		t.Errorf("the top hundredth does %.2f of the work, mean %.1f, median %.1f", share, mean, median)
	}
}

// Scheduled programs start on their schedule, and no one else does.
func TestSchedules(t *testing.T) {
	w := honestWorld(t, 6000, 150_000, 9)
	byID := map[string]*account{}
	for _, a := range w.accounts {
		byID[a.id] = a
	}
	var onTime, machines, byChance, people float64
	for e := range w.Events {
		if e.Stream != event.StreamRequest || field(e.Value, "turn") != "1" {
			continue
		}
		late := e.TS % (5 * 60_000) // all schedules lie on a whole minute, most on one of five
		if a := byID[e.AccountID]; a.class.name == "ci" {
			machines++
			if late%60_000 < 20_000 {
				onTime++
			}
		} else if a.habit.every == 0 {
			people++
			if late%60_000 < 20_000 {
				byChance++
			}
		}
	}
	if onTime/machines < 0.7 || byChance/people > 0.4 {
		t.Errorf("%.2f of the machines' and %.2f of others' sessions start on a minute", onTime/machines, byChance/people)
	}
}
