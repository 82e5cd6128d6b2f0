package simulate

import (
	"cmp"
	"slices"
)

// settleStolen makes the campaign's use of stolen keys: for each key an agent of the
// campaign that sends under its owner's account, with the campaign's own network,
// clients and prompts. The owner's own traffic stays as it is. It returns the exchanges
// for which no owner could be found.
func (w *World) settleStolen(g *gang, r *rng) int64 {
	st := &g.campaign.Stolen
	if st.Keys == 0 || st.Exchanges == 0 {
		return st.Exchanges
	}
	pool := &Pool{Name: "stolen", Accounts: st.Keys, StartDay: st.StartDay, Days: g.campaign.Days - st.StartDay, Effort: st.Effort}
	f := w.newFleet(g, pool, r)
	c := w.newCrew(f, r)
	var thieves []*account
	var weights []float64
	for i := range st.Keys {
		from := f.from + int64(float64(i)/float64(st.Keys)*st.SpreadDays*float64(dayMS)+r.float()*float64(6*hourMS))
		owner := w.owner(st, from, r)
		if owner == nil {
			continue
		}
		t := w.newAccount(f.class)
		t.slot, t.fleet, t.cell = i, f, c.key
		t.post = &post{crew: c, groups: grouping{rank: i, ip: i / max(1, int(st.Effort.AccountsPerIP))}, attack: "stolen_key", of: 1}
		w.outfit(t, f, c, t.post.groups, r)
		t.lendName(owner)
		t.fixedKey = hash(w.seed, owner.key, 0x4e9, uint64(r.intn(owner.keys)), 0)
		owner.thief = t
		t.from, t.to = from, f.to
		if st.Days > 0 {
			t.to = min(f.to, from+int64(r.lognormal(st.Days, 0.4)*float64(dayMS)))
		}
		t.from = min(t.from, t.to-hourMS)
		thieves, weights = append(thieves, t), append(weights, t.weight*float64(t.to-t.from))
	}
	if len(thieves) == 0 {
		return st.Exchanges
	}
	f.members, g.thieves = thieves, thieves
	for i, q := range apportion(st.Exchanges, weights, 1, r) {
		w.spread(thieves[i], q)
	}
	return 0
}

// lendName makes an agent send under another account's name.
func (a *account) lendName(of *account) {
	a.host, a.id, a.org, a.missing = of, of.id, of.org, of.missing
	a.older, a.label = true, label{}
}

// owner finds an honest account that has used its keys for long enough before a time, of
// the classes and by the weights given; nobody twice. Where there is no one with enough
// history it takes less.
func (w *World) owner(st *Stolen, before int64, r *rng) *account {
	for _, history := range []float64{st.History, st.History / 3, 0} {
		byClass := map[string][]*account{}
		for _, a := range w.accounts {
			if a.fleet == nil && st.Classes[a.class.name] > 0 && a.ownsKey(w, before, history) {
				byClass[a.class.name] = append(byClass[a.class.name], a)
			}
		}
		if len(byClass) == 0 {
			continue
		}
		there := map[string]float64{}
		for name := range byClass {
			there[name] = st.Classes[name]
		}
		classes := choose(there)
		candidates := byClass[classes.pick(r)]
		return candidates[r.intn(len(candidates))]
	}
	return nil
}

// ownsKey says whether an account has keys worth stealing: in use for so many days before
// a time, some twenty exchanges at least, never replaced, and in use for a day after it.
func (a *account) ownsKey(w *World, before int64, history float64) bool {
	if a.thief != nil || a.framed || a.patron || a.host != nil || a.keyLife > 0 || a.from > before-int64(history*float64(dayMS)) || a.to < before+dayMS {
		return false
	}
	served := uint32(0)
	for d := range min(len(a.days), int((before-w.start)/dayMS)) {
		served += a.days[d]
	}
	return served >= uint32(20*min(1, history))
}

// byIndex orders accounts as they were made.
func byIndex(a, b *account) int { return cmp.Compare(a.index, b.index) }

// honest returns the honest accounts for which keep answers true.
func (w *World) honest(keep func(*account) bool) []*account {
	var out []*account
	for _, a := range w.accounts {
		if a.fleet == nil && a.host == nil && keep(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, byIndex)
	return out
}
