package cluster

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/iolaus-io/iolaus/pkg/detect"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// past is what the topics tell of the former owner, until takeOver.
type past struct {
	standing map[string]wire.Decision // by account: only what RestoreDecision needs
	last     map[string]int64         // by account: event time of its latest fact
	told     int64                    // latest event time of anything that the former owner wrote
}

func newPast() *past { return &past{standing: map[string]wire.Decision{}, last: map[string]int64{}} }

func (p *past) decided(dec *wire.Decision) {
	p.told = max(p.told, dec.EventTS)
	if dec.APIKeyID == "" {
		p.standing[dec.AccountID] = wire.Decision{AccountID: dec.AccountID, Action: dec.Action, DecisionID: dec.DecisionID, EventTS: dec.EventTS}
	}
}

func (p *past) member(m *wire.Member) { p.told = max(p.told, m.JoinedAt, m.LeftAt) }

func (p *past) fact(account string, last int64) { p.last[account] = max(p.last[account], last) }

// unjudged lists, in order of event time, the accounts that the former owner may not
// have judged by their latest fact.
func (p *past) unjudged(slackMS int64) []detect.Ref {
	var refs []detect.Ref
	for account, last := range p.last {
		if last > p.told-slackMS && p.standing[account].Action != wire.ActionSuspend {
			refs = append(refs, detect.Ref{Account: account, At: last})
		}
	}
	slices.SortFunc(refs, func(a, b detect.Ref) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Account, b.Account))
	})
	return refs
}

// evaluateHistory makes the detector know of every account what its former owner knew, and
// lets it judge what that one may not have got to: the accounts with facts later than
// what it wrote last, less the slack in which facts may have gone in another order. The others
// stand as they stood: a restart by itself decides nothing.
func (l *life) evaluateHistory(ctx context.Context) error {
	if err := l.joinDirty(ctx); err != nil {
		return err
	}
	out := l.detector.Evaluate(time.Now().UnixMilli())
	l.say(&detect.Output{Members: out.Members, Clusters: out.Clusters})
	for i := range out.Decisions {
		l.undo(&out.Decisions[i])
	}
	unjudged := l.past.unjudged(l.s.cfg.Tuning.Slack.Milliseconds())
	l.past = nil
	for _, r := range unjudged {
		l.detector.Again(r.Account, r.At)
		if err := l.judgeNow(); err != nil { // in the order in which it happened
			return err
		}
	}
	return l.publish(ctx)
}

// joinDirty gives the detector the windows of all accounts that it wants to look at.
func (l *life) joinDirty(ctx context.Context) error {
	for refs := l.detector.Dirty(nil); len(refs) > 0; {
		n := min(chunk, len(refs))
		ws := make([]want, n)
		for i, r := range refs[:n] {
			ws[i] = want{account: r.Account, partition: r.Partition}
		}
		if err := l.loadPatiently(ctx, ws); err != nil {
			return err
		}
		for _, r := range refs[:n] {
			l.join(r)
		}
		refs = refs[n:]
	}
	return nil
}
