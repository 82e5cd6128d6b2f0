package detect

import (
	"slices"

	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
	"github.com/iolaus-io/iolaus/pkg/policy"
	"github.com/iolaus-io/iolaus/pkg/score"
	"github.com/iolaus-io/iolaus/pkg/window"
	"github.com/iolaus-io/iolaus/pkg/wire"
)

// A stolen key makes its owner's account look like a member of the thief's campaign. What tells
// them apart is when: the account had a life of its own before it touched what ties it.

// keyPrior is the log-odds that a key whose use changed was stolen, before anything is known.
const keyPrior = -3

// What the new use of a key shares with a cluster that is being suspended, in log-odds.
const (
	tieContent       = 2.4 // a prompt that most of whose users are its members
	tieSecondContent = 1.3
	tieClient        = 1.2
	tieNetwork       = 0.6
	tieLeast         = 4   // members that must share it, and that must have been suspended
	tieShare         = 0.6 // of all who do
	tieContentShare  = 0.7 // the same of a prompt: through a popular program many campaigns work
)

// changedKey is a key whose use has changed, and what that says without what the new use
// shares with clusters.
type changedKey struct {
	id      string
	change  window.KeyChange
	odds    float64
	reasons []wire.Reason
}

// noteKeys keeps the keys of an account whose use has changed.
func (st *accountState) noteKeys(f *window.Features) {
	st.keys = st.keys[:0]
	if f.Requests == nil {
		return
	}
	for i := range f.Requests.Keys {
		k := &f.Requests.Keys[i]
		if k.Change.At == 0 || k.ID == "" || slices.Contains(st.revoked, k.ID) {
			continue
		}
		odds, reasons := score.KeyTheft(k, f)
		st.keys = append(st.keys, changedKey{k.ID, k.Change, odds, reasons})
	}
}

// revokeKeys revokes the keys of an account that a campaign has taken over, and takes the account
// out of the campaign's cluster. It reports whether it has.
func (d *Detector) revokeKeys(a graph.Account, at, wall int64) bool {
	st := d.state(a)
	if st.action == wire.ActionSuspend || !d.mayBeVictim(a) {
		return false
	}
	revoked := false
	for i := range st.keys {
		k := &st.keys[i]
		if k.odds <= 0 || slices.Contains(st.revoked, k.id) {
			continue
		}
		c, ties, reasons := d.keyTies(a, &k.change)
		p := score.Probability(keyPrior + k.odds + ties)
		if c == graph.NoCluster || !d.policy.Revokes(p, d.graph.Population()) {
			continue
		}
		reasons = append(reasons, k.reasons...)
		score.SortReasons(reasons)
		d.revoke(a, c, k.id, p, reasons, at, wall)
		revoked = true
	}
	if revoked {
		d.graph.Apart(a, at)
	}
	return revoked
}

// keyTies says what the new use of a key shares with the cluster that it shares most with.
func (d *Detector) keyTies(a graph.Account, ch *window.KeyChange) (graph.Cluster, float64, []wire.Reason) {
	var reasons []wire.Reason
	total, cluster := 0.0, graph.NoCluster
	add := func(k link.Kind, t graph.Tie, code string, worth float64) bool {
		share := t.Share()
		if t.Inside < tieLeast || k != link.KindASN && share < tieShare || k.Prompt() && share < tieContentShare {
			return false
		}
		if cluster == graph.NoCluster {
			cluster = t.Cluster
		}
		total += worth
		reasons = append(reasons, wire.Reason{Code: code, Family: k.Spec().Family.String(),
			Value: round(share), Baseline: 0, Contribution: worth})
		return true
	}
	worths := []float64{tieContent, tieSecondContent}
	for _, t := range d.newPrompts(a, ch) {
		if len(worths) > 0 && add(link.KindTemplate, t, "key_campaign_template", worths[0]) {
			worths = worths[1:]
		}
	}
	add(link.KindClient, d.graph.TieOf(a, link.KindClient, ch.Client, d.enforced), "key_campaign_client", tieClient)
	if cluster != graph.NoCluster {
		add(link.KindASN, d.graph.TieOf(a, link.KindASN, ch.Network, d.enforced), "key_campaign_network", tieNetwork)
	}
	return cluster, total, reasons
}

// newPrompts returns how far the prompts of a key's new use belong to clusters. The change keeps the first few, which of a
// campaign that covers or paraphrases what it does need not be its own; where one key alone has changed, all
// that the account has used first since then are its.
func (d *Detector) newPrompts(a graph.Account, ch *window.KeyChange) []graph.Tie {
	since := int64(0)
	if len(d.accounts[a].keys) == 1 {
		since = ch.At
	}
	return d.graph.PromptTies(a, ch.Templates[:], since, d.enforced)
}

// enforced reports whether a cluster's members are being suspended, or would be if they were not victims.
func (d *Detector) enforced(c graph.Cluster) bool {
	st := d.clusterState(c)
	return st.suspended >= tieLeast || st.victims >= tieLeast
}

// revoke records that a key is revoked. The account's own action stands.
func (d *Detector) revoke(a graph.Account, c graph.Cluster, key string, p float64, reasons []wire.Reason, at, wall int64) {
	st := &d.accounts[a]
	at = max(at, st.decidedAt)
	if wall == 0 {
		wall = at
	}
	standing := st.action
	if standing == "" {
		standing = wire.ActionAllow
	}
	dec := wire.Decision{
		AccountID: d.graph.ID(a), APIKeyID: key, ClusterID: d.graph.ClusterID(c),
		Action: wire.ActionRevokeKey, PreviousAction: standing, Mode: d.policy.Mode(),
		Score: round(p), AccountScore: round(p), ClusterScore: round(d.clusterScore(c)),
		Reasons: reasons, Evidence: evidence(d.graph.Shared(a)),
		PolicyVersion: d.policy.Version(), EventTS: at, DecidedAt: wall,
	}
	dec.DecisionID = decisionID(&dec, st.decision)
	st.revoked = append(st.revoked, key)
	d.out.Decisions = append(d.out.Decisions, dec)
}

// How long an account must have had a life of its own before what ties it for its owner to be
// taken for a victim: until the use of a key is seen to have changed, or what ties it has been used so much
// that a change would have been seen.
const (
	ownLifeMS      = 2 * link.PaneMS
	keyLifeMS      = link.PaneMS
	keyLifeUses    = 8
	clearTheft     = 1.0 // log-odds of the change alone
	tellExchange   = 16
	tellTied       = 4    // exchanges of a day with one of the campaign's contents by which a change is seen
	leastBeside    = 0.5  // what an older account on the campaign's gateway must have against it beside what a key brings along
	leastPerson    = 0.6  // and on one of its addresses, in payment and identity
	clearPerson    = 1.0  // the same of an account whose key has changed
	someOld        = 0.1  // share of a gateway's members: where more are older than the stream, the campaign has old accounts of its own
	fewOld         = 0.02 // the same of those that do not go through one gateway
	sharedHardware = 0.5  // what devices say of a cluster whose accounts are set up together, so that one with a life of its own is none of them
	leastBorne     = 1.0  // what payment, identity and devices must say of a cluster for its accounts to be taken for its own
)

// ownersTurn reports whether an account that would be acted against may be a thief's victim. Prompts,
// client, address, hours and pace come with the use of a key; how somebody registered, pays and what device they
// have do not. Where those say little against an account it must not have had a life of its own before.
func (d *Detector) ownersTurn(a graph.Account, fit *graph.Affinity) bool {
	st, c := &d.accounts[a], d.graph.ClusterOf(a)
	if st.usedSince == 0 || c == graph.NoCluster {
		return false
	}
	if d.graph.Borrowed(a) {
		return true // a victim of framing, with all its colleagues
	}
	if d.graph.HasHardware(a) {
		return false
	}
	tied, most := d.graph.TiedAt(a)
	life := tied - st.usedSince
	if d.graph.Borne(c) < leastBorne && (st.older || life >= keyLifeMS || st.person < leastPerson) {
		return true // a ring of stolen keys
	}
	if st.older && (d.keyBorne(st, c, fit) || st.person < leastPerson && d.strangerByAge(c, life)) {
		return true
	}
	if d.mayBeVictim(a) && st.keyChanged() {
		return true
	}
	if tied == 0 || life < ownLifeMS {
		return false
	}
	if st.person < clearPerson && (len(st.keys) > 0 || most < tellTied || d.graph.Hardware(c) >= sharedHardware) {
		return true
	}
	if st.heldAt == 0 {
		st.heldAt = st.exchanges
	}
	return st.exchanges < st.heldAt+tellExchange
}

// keyChanged reports whether the use of a key has clearly changed after it had been the account's own.
func (st *accountState) keyChanged() bool {
	for i := range st.keys {
		if k := &st.keys[i]; k.change.Before >= keyLifeUses && k.odds >= clearTheft && k.change.At-st.usedSince >= keyLifeMS {
			return true
		}
	}
	return false
}

// strangerByAge reports whether an account that is older than the stream stands out by it in cluster c, of which nearly
// all signed up during it. One that was used for something else before stands out sooner than one that the campaign may have
// bought.
func (d *Detector) strangerByAge(c graph.Cluster, life int64) bool {
	if life >= keyLifeMS {
		return d.graph.OldShare(c) < someOld
	}
	return d.graph.OldShare(c) < fewOld
}

// keyBorne reports whether all that ties an account to its cluster may have come with the use of its
// key: prompts, client, hours and address do.
func (d *Detector) keyBorne(st *accountState, c graph.Cluster, fit *graph.Affinity) bool {
	return fit.Gateway() && st.beside < leastBeside && d.graph.OldShare(c) < someOld ||
		fit.OnItsAddress() && st.person < leastPerson && d.graph.OldShare(c) < fewOld
}

// severe reports whether an action is felt by the account's owner.
func severe(action string) bool { return policy.Severity(action) > policy.Severity(wire.ActionObserve) }

// mayBeVictim reports whether an account may be an honest owner's: one that signed up during the
// stream like the campaign's own, and pays or is registered as they are, is not.
func (d *Detector) mayBeVictim(a graph.Account) bool {
	st := &d.accounts[a]
	return st.older || st.person < clearPerson
}
