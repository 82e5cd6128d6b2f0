package baseline

import "github.com/iolaus-io/iolaus/pkg/event"

// Connected flags accounts that are connected, by a chain of shared things of some kinds,
// with at least so many accounts, themselves included. The score is the component's size.
// All members are flagged when the component reaches the threshold.
//
// Source: "hard links" as fraud teams use them (arXiv 2512.19061 measures them against
// weighted links); the algorithm is union-find.
//
// Cost: a map entry for each thing ever seen, O(α(n)) an event, O(log n) amortised moves
// an account. There is no expiry: a link never ends.
type Connected struct {
	name   string
	kinds  kindSet
	ledger *ledger
	comps  *components
	at     things
}

// NewSharedCard returns the components over payment instruments, of three accounts or
// more. Three is how the rule is usually written: a couple may share a card. It flags 23% /
// 22% of the campaigns' accounts, none from L2 up, and 3% / 4% of the honest ones: teams,
// households, start-ups.
func NewSharedCard() *Connected { return newConnected("shared card", 3, kindCard) }

// NewAnyShared returns the components over everything that is supposed to belong to one
// customer, of three accounts or more: address, device, card, billing identity, phone,
// mailbox, own mail domain, key, and the prompt template to the bit. It flags 99.8% / 99.9%
// of the campaigns' accounts and 78% / 78% of the honest ones, because addresses and popular
// templates make one giant component; a larger size changes nothing. Without templates it
// would be 50% and 47%; with hindsight, leaving out things of more than 30 accounts, 92% and
// 53% (seed 7).
func NewAnyShared() *Connected {
	return newConnected("any shared thing", 3,
		kindIP, kindDevice, kindCard, kindBilling, kindPhone, kindEmail, kindDomain, kindAPIKey, kindTemplate)
}

func newConnected(name string, size int, kinds ...kind) *Connected {
	return &Connected{name: name, kinds: kindsOf(kinds...), ledger: newLedger(float64(size)), comps: newComponents()}
}

// Name returns the name in tables.
func (c *Connected) Name() string { return c.name }

// Signup notes what the account was made with.
func (c *Connected) Signup(e *event.Signup) {
	c.at.signup(e)
	c.share(&e.Meta)
}

// Request notes what the exchange came through.
func (c *Connected) Request(e *event.Request) {
	c.at.request(e)
	c.share(&e.Meta)
}

// Payment notes what was paid with.
func (c *Connected) Payment(e *event.Payment) {
	c.at.payment(e)
	c.share(&e.Meta)
}

func (c *Connected) share(m *event.Meta) {
	a := c.ledger.account(m.AccountID)
	c.comps.grow(a)
	for _, t := range c.at.all() {
		if !c.kinds[t.kind] {
			continue
		}
		joined := c.comps.share(t.id, a)
		if float64(len(joined)) < c.ledger.threshold {
			continue
		}
		for _, j := range c.fresh(joined) {
			c.ledger.raise(j, float64(len(joined)), m.TS)
		}
	}
}

// fresh returns those members of a component that are not flagged yet. They are its tail:
// the smaller list was appended to the larger, and it is flagged only if both were.
func (c *Connected) fresh(members []int32) []int32 {
	from := len(members)
	for from > 0 && !c.ledger.verdict[members[from-1]].Flagged {
		from--
	}
	return members[from:]
}

// Verdicts returns the size of each account's component.
func (c *Connected) Verdicts() []Verdict {
	for a := range c.ledger.verdict {
		c.ledger.verdict[a].Score = float64(c.comps.size(int32(a)))
	}
	return c.ledger.verdicts()
}
