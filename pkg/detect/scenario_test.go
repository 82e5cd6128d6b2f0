package detect

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// A scenario is a text, one step a line:
//
//	at 26h                         event time since the start
//	crowd 300                      honest accounts that share nothing
//	windows a[1-8] tor fast cot    what the accounts' windows say from now on
//	touch a[1-8] device:x ip:{}    facts, {} is the account; each account is evaluated in turn;
//	                               card:{/2} is the account's number by two: each two share one;
//	                               template:x*4 is used four times that day
//	label a3 fraud                 a label is fed
//	expect a[1-8] suspend          the standing action
//	expect-cluster a[1-8]          all in one cluster; "expect-cluster none a1" in none
const start = 20_000 * int64(link.PaneMS)

type play struct {
	t        *testing.T
	d        *Detector
	now      int64
	wall     int64
	names    map[string]uint64
	windows  map[string]*window.Features
	facts    []link.Fact // all that were told, for a second life
	standing map[string]string
	revoked  map[string][]string // account -> ids of keys
	cluster  map[string]string   // that it was said to be a member of
	out      Output              // all that was said
}

func newPlay(t *testing.T) *play {
	t.Helper()
	pol, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	return &play{t: t, d: New(graph.DefaultConfig(), pol), now: start, names: map[string]uint64{},
		windows: map[string]*window.Features{}, standing: map[string]string{}, revoked: map[string][]string{}, cluster: map[string]string{}}
}

func run(t *testing.T, scenario string) *play {
	t.Helper()
	p := newPlay(t)
	p.run(scenario)
	return p
}

func (p *play) run(scenario string) {
	p.t.Helper()
	for i, line := range strings.Split(strings.TrimSpace(scenario), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if err := p.step(words); err != nil {
			p.t.Fatalf("line %d, %s: %v", i+1, strings.TrimSpace(line), err)
		}
	}
}

func (p *play) step(w []string) error {
	switch w[0] {
	case "at":
		d, err := time.ParseDuration(w[1])
		p.now = start + d.Milliseconds()
		return err
	case "crowd":
		n, err := strconv.Atoi(w[1])
		for i := range n {
			p.touch(fmt.Sprintf("honest%d", i), []string{"ip:{}", "device:{}", "card:{}", "email:{}", "template:{}", "suffix:{}"})
			p.use(fmt.Sprintf("honest%d", i), 1<<(i%4))
		}
		return err
	case "windows":
		return each(w[1], func(a string) error { p.windows[a] = features(p.now, w[2:]); return nil })
	case "use": // so many exchanges that day
		n, err := strconv.ParseUint(w[2], 10, 64)
		if err != nil {
			return err
		}
		return each(w[1], func(a string) error { p.use(a, n); return nil })
	case "touch":
		return each(w[1], func(a string) error { p.touch(a, w[2:]); return nil })
	case "label":
		p.d.Label(&event.Label{Meta: event.Meta{AccountID: w[1], TS: p.now}, Label: event.ParseLabelKind(w[2])})
		p.evaluate()
		return nil
	case "expect":
		return each(w[1], func(a string) error { return p.expect(a, w[2]) })
	case "expect-cluster":
		if w[1] == "none" {
			return each(w[2], func(a string) error {
				if p.cluster[a] != "" {
					return fmt.Errorf("%s is in %s", a, p.cluster[a])
				}
				return nil
			})
		}
		first := ""
		return each(w[1], func(a string) error {
			if first == "" {
				first = p.cluster[a]
			}
			if p.cluster[a] == "" || p.cluster[a] != first {
				return fmt.Errorf("%s is in %q, want %q", a, p.cluster[a], first)
			}
			return nil
		})
	}
	return fmt.Errorf("unknown step")
}

// each expands a[1-8].
func each(pattern string, do func(string) error) error {
	open := strings.Index(pattern, "[")
	if open < 0 {
		return do(pattern)
	}
	var lo, hi int
	if _, err := fmt.Sscanf(pattern[open:], "[%d-%d]", &lo, &hi); err != nil {
		return err
	}
	for i := lo; i <= hi; i++ {
		if err := do(pattern[:open] + strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

var kinds = map[string]link.Kind{"ip": link.KindIP, "prefix": link.KindPrefix, "asn": link.KindASN, "device": link.KindDevice,
	"client": link.KindClient, "card": link.KindInstrument, "email": link.KindEmail, "domain": link.KindDomain, "org": link.KindOrg,
	"sso": link.KindSSOOrg, "referral": link.KindReferral, "mailshape": link.KindDomainShape, "shape": link.KindCardShape,
	"billing": link.KindBilling, "template": link.KindTemplate, "suffix": link.KindSuffix, "phone": link.KindPhone, "volume": link.KindVolume}

// token makes tokens that lie far apart as SimHashes too.
func token(n int) uint64 {
	x := uint64(n) * 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func (p *play) touch(account string, things []string) {
	for _, thing := range things {
		kind, name, _ := strings.Cut(strings.ReplaceAll(thing, "{}", account), ":")
		count := uint64(1)
		if what, times, ok := strings.Cut(name, "*"); ok {
			n, err := strconv.ParseUint(times, 10, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			name, count = what, n
		}
		if group, by, ok := strings.Cut(name, "{/"); ok {
			n, _ := strconv.Atoi(strings.TrimLeft(account, "abcdefghijklmnopqrstuvwxyz"))
			per, err := strconv.Atoi(strings.TrimSuffix(by, "}"))
			if err != nil {
				p.t.Fatal(err)
			}
			name = fmt.Sprint(group, n/per)
		}
		if kinds[kind] == 0 {
			p.t.Fatalf("no kind %q", kind)
		}
		if p.names[name] == 0 {
			p.names[name] = token(len(p.names) + 1)
		}
		f := link.Fact{Account: account, Kind: kinds[kind], Token: p.names[name], Pane: link.Pane(p.now),
			First: p.now, Last: p.now, Count: count, Partition: 2}
		p.facts = append(p.facts, f)
		p.d.Observe(&f)
	}
	p.evaluate()
}

// use tells that an account has had so many exchanges this day.
func (p *play) use(account string, n uint64) {
	f := link.Fact{Account: account, Kind: link.KindVolume, Stream: event.StreamRequest, Pane: link.Pane(p.now),
		First: p.now, Last: p.now, Count: n, Partition: 2}
	p.facts = append(p.facts, f)
	p.d.Observe(&f)
	p.evaluate()
}

// evaluate drives the detector as replay does.
func (p *play) evaluate() {
	p.t.Helper()
	for _, r := range p.d.Dirty(nil) {
		f := p.windows[r.Account]
		if f == nil {
			f = features(p.now, nil)
		}
		p.d.Join(r.Account, f, r.At)
	}
	p.take(p.d.Evaluate(p.wall))
}

func (p *play) take(out *Output) {
	for _, d := range out.Decisions {
		if d.APIKeyID != "" {
			p.revoked[d.AccountID] = append(p.revoked[d.AccountID], d.APIKeyID)
			continue
		}
		p.standing[d.AccountID] = d.Action
	}
	for _, m := range out.Members {
		p.cluster[m.AccountID] = m.ClusterID
		if m.LeftAt != 0 {
			p.cluster[m.AccountID] = ""
		}
	}
	p.out.Decisions = append(p.out.Decisions, out.Decisions...)
	p.out.Members = append(p.out.Members, out.Members...)
	p.out.Clusters = append(p.out.Clusters, out.Clusters...)
	p.out.Accounts = append(p.out.Accounts, out.Accounts...)
}

func (p *play) expect(account, want string) error {
	got := p.standing[account]
	if got == "" {
		got = wire.ActionAllow
	}
	switch {
	case want == "harmed-not": // anything that an honest customer does not feel
		if got == wire.ActionAllow || got == wire.ActionObserve {
			return nil
		}
	case got == want:
		return nil
	}
	return fmt.Errorf("%s stands on %s, want %s", account, got, want)
}

// decision returns the account's last one.
func (p *play) decision(account string) *wire.Decision {
	p.t.Helper()
	for i := len(p.out.Decisions) - 1; i >= 0; i-- {
		if p.out.Decisions[i].AccountID == account {
			return &p.out.Decisions[i]
		}
	}
	p.t.Fatalf("no decision on %s", account)
	return nil
}

func features(now int64, words []string) *window.Features {
	s := &window.SignupFeatures{First: now, Last: now, Total: 1, IPType: event.IPResidential, FormMS: 20_000,
		Method: event.MethodEmail, PhoneCountry: 0x4445, Country: 0x4445}
	f := &window.Features{Signup: s}
	for _, w := range words {
		switch w {
		case "sso":
			s.SSO = true
		case "tor":
			s.IPType = event.IPTor
		case "campus":
			s.IPType = event.IPEducation
		case "fast":
			s.FormMS = 300
		case "cot":
			f.Requests = &window.RequestFeatures{First: now, Last: now, Total: 200, CoTCount: 200, CoTSum: 170, ActiveDay: 5}
			f.Requests.Tasks[event.TaskAgenticReasoning] = 200
			f.Requests.Sums[window.Fortnight] = window.RequestSums{Requests: 200, Input: 300_000, Output: 90_000}
		case "old": // after cot: its use is older than what it touches now
			f.Requests.First = now - 30*link.PaneMS
		case "before": // the last: than the stream
			f.Signup = nil
		case "invoice":
			f.Payments = &window.PaymentFeatures{First: now, Last: now, Invoice: true}
		default:
			panic("no word " + w)
		}
	}
	return f
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
