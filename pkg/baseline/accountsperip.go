package baseline

import "github.com/iolaus-io/iolaus/pkg/event"

// AccountsPerIP flags the accounts of an address that too many accounts use on one day
// (UTC): all of them, those that came first too. The score is the largest number of
// accounts that one of the account's addresses had on one day.
//
// Source: the usual first rule of a signup team.
//
// Cost: one map entry for each address and account of the day, O(1) an event.
//
// Constants: 3 flags 40% / 40% of the campaigns' accounts (all of L0, 98% of L1, hardly
// any above) and 30% / 30% of the honest ones: campuses, carriers, VPN exits, offices. It is
// the count with the highest F1 from 3 up; with 20 it is 10% and 3%, with 30 none of the
// campaigns' and still 1% of the honest.
type AccountsPerIP struct {
	ledger *ledger
	today  *sharing
	day    int64
}

// maxAccountsPerIP is the threshold, in accounts on an address and day.
const maxAccountsPerIP = 3

// NewAccountsPerIP returns the baseline with its threshold.
func NewAccountsPerIP() *AccountsPerIP {
	return &AccountsPerIP{ledger: newLedger(maxAccountsPerIP), today: newSharing(0)}
}

// Name returns the name in tables.
func (*AccountsPerIP) Name() string { return "accounts per address" }

// Signup counts an address.
func (d *AccountsPerIP) Signup(e *event.Signup) { d.use(e.AccountID, e.IP, e.TS) }

// Request counts an address.
func (d *AccountsPerIP) Request(e *event.Request) { d.use(e.AccountID, e.IP, e.TS) }

// Payment counts an address.
func (d *AccountsPerIP) Payment(e *event.Payment) { d.use(e.AccountID, e.IP, e.TS) }

func (d *AccountsPerIP) use(account string, ip event.Token, ts int64) {
	a := d.ledger.account(account)
	if day := ts / dayMS; day > d.day {
		d.close()
		d.day = day
	}
	if ip == 0 {
		return
	}
	g := d.today.join(uint64(ip), a)
	switch {
	case g == nil:
	case g.n == maxAccountsPerIP:
		for _, m := range g.members {
			d.ledger.raise(m, float64(g.n), ts)
		}
	default:
		d.ledger.raise(a, float64(g.n), ts)
	}
}

// close gives every account of an address the day's count, which flags nobody any more.
func (d *AccountsPerIP) close() {
	for _, g := range d.today.groups {
		for _, m := range g.members {
			v := &d.ledger.verdict[m]
			v.Score = max(v.Score, float64(g.n))
		}
	}
	d.today.reset()
}

// Verdicts returns each account's busiest address.
func (d *AccountsPerIP) Verdicts() []Verdict {
	d.close()
	return d.ledger.verdicts()
}
