package simulate

// missing are the optional fields that an account's gateway or browser never sends.
type missing struct {
	device, asn, country, ja4, agent, suffix, cot, turn, task, tools, latency bool
}

// missingFor draws which gateway an account is behind, and with it what never arrives. It
// is the same for every class: which fields are absent says nothing about who is behind
// them. Shares are our own estimate.
func missingFor(r *rng) missing {
	m := missing{device: r.chance(0.1)} // a browser that gives no fingerprint
	switch u := r.float(); {
	case u < 0.8: // the vendor's own gateway, with gaps now and then
		m.asn, m.country, m.ja4, m.agent = r.chance(0.005), r.chance(0.01), r.chance(0.01), r.chance(0.01)
		m.suffix, m.cot = r.chance(0.03), r.chance(0.03)
	case u < 0.87: // a region that ends TLS elsewhere
		m.ja4 = true
	case u < 0.92: // a cloud's marketplace: no client, no conversation
		m.ja4, m.agent, m.turn = true, true, true
	case u < 0.96: // an old gateway without classifiers
		m.cot, m.task, m.suffix = true, true, true
	case u < 0.98: // a region without an address database
		m.asn, m.country = true, true
	default: // a partner's gateway that counts little
		m.tools, m.latency, m.cot = true, true, true
	}
	return m
}
