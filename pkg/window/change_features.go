package window

import "github.com/iolaus-io/iolaus/pkg/event"

// KeyFeatures is what is known of one API key of an account.
type KeyFeatures struct {
	// Token and ID are kept only while the key has a change; ID is the gateway's name of
	// the key, which a revoke_key decision needs.
	Token event.Token
	ID    string

	First, Last int64 // Unix ms, to the minute
	Total       uint64
	Days        int // UTC days on which it was used
	Change      KeyChange
}

// KeyChange says that a key began to be used in another way, beside or instead of the way
// that its account is known by. The zero value is none. It is an observation and
// no verdict: a new colleague, a load test and a thief look alike here. Until it is declared it is a suspicion.
type KeyChange struct {
	At   int64 // Unix ms of the new regime's first exchange, 0 = no change
	Last int64 // of its latest

	New, Old uint64 // exchanges of the new regime, and of the old one since At
	Switches uint64 // times that the key went from one to the other since At: 1 is a move, many is parallel use

	Novel       Dimensions // in which at least half of the new regime's exchanges are unlike the account
	Bits        int        // evidence of the change, log2 of a likelihood ratio: from 10 to 60
	Established bool       // before At the key had 20 exchanges on 3 days
	Before      uint64     // exchanges of the key before At
	RateRatio   float64    // exchanges a day of the new regime over those of the key before At

	// Of the new regime's exchanges.
	Templates [regimeTemplates]uint64 // the first few SimHashes
	Client    uint64                  // link.KindClient of most of them, if there is one
	Network   uint64                  // link.KindASN of most of them, if there is one
	CoTSum    float64
	CoTCount  uint64
	Sought    uint64 // agentic reasoning, software engineering, long-horizon
	Rented    uint64 // from vpn, proxy or tor
	Hosted    uint64 // from hosting
}

// Declared reports whether there is evidence enough of the change by itself.
func (c *KeyChange) Declared() bool { return c.Bits >= declareBits }

// keyFeatures views the keys, in the order in which the account took them up.
func (s *RequestState) keyFeatures() []KeyFeatures {
	if len(s.keys) == 0 {
		return nil
	}
	fs := make([]KeyFeatures, 0, len(s.keys))
	for i := range s.keys {
		k := &s.keys[i]
		f := KeyFeatures{First: int64(k.first) * keyMomentMS, Last: int64(k.last) * keyMomentMS, Total: uint64(k.total), Days: int(k.days)}
		if r := k.regime; r != nil && r.bits >= suspectBits {
			f.Token, f.ID, f.Change = r.token, r.id, r.change(f.First)
		}
		fs = append(fs, f)
	}
	return fs
}

// change views a declared regime of a key that was first used at keyFirst.
func (r *regime) change(keyFirst int64) KeyChange {
	return KeyChange{
		At: r.first, Last: r.last, New: uint64(r.news), Old: uint64(r.olds), Switches: uint64(r.switches),
		Novel: r.novel(), Bits: int(r.bits),
		Established: r.before >= establishedTotal && r.beforeDays >= establishedDays,
		Before:      uint64(r.before), RateRatio: r.rateRatio(keyFirst),
		Templates: r.templates, Client: r.client.value, Network: r.network.value,
		CoTSum: float64(r.cotSum) / cotScale, CoTCount: uint64(r.cotCount), Sought: uint64(r.sought), Rented: uint64(r.rented), Hosted: uint64(r.hosted),
	}
}

// rateRatio compares exchanges a day; a regime younger than an hour counts as an hour, a key
// younger than a day as a day.
func (r *regime) rateRatio(keyFirst int64) float64 {
	now := float64(r.news) / float64(max(r.last-r.first, hourMS))
	before := float64(max(r.before, 1)) / float64(max(r.first-keyFirst, fortnightPaneMS))
	return now / before
}
