package simulate

import (
	"encoding/binary"
	"net/netip"
)

// asn is an autonomous system as the gateway's IP database names it.
type asn struct {
	number  uint32
	kind    string // ip_type of the contract
	country *country
}

// access is a way onto the network. Its address at a time is a pure function of
// (key, slot, lease): lines that share a key and a slot share an address.
type access struct {
	asn   *asn
	key   uint64
	kind  string // overrides asn.kind where not empty
	lease int64  // ms an address is kept; 0 = for ever
	pool  int    // > 1: the address is one of so many (CGNAT, VPN exits, proxy pool), by session
	slot  int    // fixed slot in the pool, -1 = by session, -2 = one for each lease
	v6    bool
}

// Ways to find the slot in a pool.
const (
	slotBySession = -1
	slotByLease   = -2
)

// at returns the source address at a time; pick tells sessions apart, owner accounts.
func (n *access) at(ts int64, pick, owner uint64) source {
	epoch := uint64(0)
	if n.lease > 0 {
		phase := int64(n.key % uint64(n.lease))
		epoch = uint64((ts+phase)/n.lease) + 1
	}
	slot := uint64(0)
	switch {
	case n.pool <= 1:
	case n.slot >= 0:
		slot = uint64(n.slot)
	case n.slot == slotByLease:
		slot = hash(owner, epoch) % uint64(n.pool)
	default:
		slot = pick % uint64(n.pool)
	}
	if n.v6 && n.pool > 1 {
		slot = owner // carriers give every subscriber a /64 of its own
	}
	kind := n.kind
	if kind == "" {
		kind = n.asn.kind
	}
	return source{ip: n.asn.address(hash(n.key, slot, epoch), n.v6, ts, owner), asn: n.asn.number, ipType: kind, country: n.asn.country.code}
}

// address makes an address of the network's own prefixes: v4 out of eight /16, v6 a
// /48 to the line, with a host part that changes daily (privacy extensions).
func (a *asn) address(h uint64, v6 bool, ts int64, owner uint64) netip.Addr {
	if v6 {
		var b [16]byte
		binary.BigEndian.PutUint16(b[0:], [4]uint16{0x2a02, 0x2600, 0x2409, 0x2804}[a.number%4])
		binary.BigEndian.PutUint16(b[2:], uint16(mix(uint64(a.number))))
		binary.BigEndian.PutUint16(b[4:], uint16(h))
		binary.BigEndian.PutUint16(b[6:], uint16(h>>16)&0xff)
		binary.BigEndian.PutUint64(b[8:], hash(h, owner, uint64(ts/dayMS)))
		return netip.AddrFrom16(b)
	}
	p := hash(uint64(a.number), h>>61)
	first := byte(2 + p%220)
	for first == 10 || first == 127 || first == 100 || first == 169 || first == 172 || first == 192 || first == 198 || first == 203 {
		first++
	}
	return netip.AddrFrom4([4]byte{first, byte(p >> 8), byte(h >> 8), byte(1 + (h>>16)%254)})
}

// country is where people live, with the networks they use.
type country struct {
	code     string
	weight   float64
	zone     int // hours from UTC
	dial     string
	currency string
	fixed    []asn
	mobile   []asn
	rest     [2]int64         // weekdays that most do not work; Sunday is 0
	parts    choice[*country] // the same country, one for each of its time zones
}

// restful says whether a day (since 1970) is a weekend or a public holiday in the country.
// Holidays are a made-up ten a year, the same for all of the country.
func (c *country) restful(day int64) bool {
	weekday := (day + 4) % 7
	return weekday == c.rest[0] || weekday == c.rest[1] || hash(hashString(c.code), uint64(day))%36 == 0
}

// resident is the country as someone who lives in it sees it: with one of its time zones.
func (c *country) resident(r *rng) *country { return c.parts.pick(r) }

// someone is a country as the population is spread over them.
func (a *atlas) someone(r *rng) *country { return a.countries.pick(r).resident(r) }

// atlas is the world's networks.
type atlas struct {
	countries choice[*country]
	byCode    map[string]*country
	hosting   []asn
	vpn       []asn
	relays    []asn // of makers of phones, that hide the addresses of those who browse
	filters   []asn // companies' traffic goes through them to be checked
	tor       []asn
}

// newAtlas lists countries with rough shares of API users and the AS numbers of large
// providers there (public registry data). The shares are our own estimate.
func newAtlas() *atlas {
	a := &atlas{byCode: map[string]*country{}}
	for _, c := range []struct {
		code          string
		weight        float64
		zone          int
		dial, money   string
		fixed, mobile []uint32
	}{
		{"US", 26, -6, "+1", "USD", []uint32{7922, 7018, 701, 20115, 209, 22773}, []uint32{21928, 6167, 20057}},
		{"IN", 11, 5, "+91", "INR", []uint32{24560, 9829, 17488, 45820}, []uint32{55836, 45609, 38266}},
		{"GB", 6, 0, "+44", "GBP", []uint32{2856, 5607, 5089, 13285}, []uint32{12576, 25135}},
		{"DE", 5, 1, "+49", "EUR", []uint32{3320, 3209, 6805, 8881}, []uint32{202040, 50503}},
		{"FR", 4, 1, "+33", "EUR", []uint32{3215, 12322, 15557, 5410}, []uint32{51207, 47692}},
		{"BR", 5, -3, "+55", "BRL", []uint32{28573, 18881, 27699, 7738}, []uint32{26615, 22085}},
		{"JP", 5, 9, "+81", "JPY", []uint32{2516, 4713, 17676, 2497}, []uint32{9605, 138384}},
		{"KR", 4, 9, "+82", "KRW", []uint32{4766, 9318, 17858}, []uint32{9644}},
		{"CA", 4, -5, "+1", "CAD", []uint32{812, 577, 852, 6327}, []uint32{36273}},
		{"AU", 3, 10, "+61", "AUD", []uint32{1221, 4804, 7545}, []uint32{133612}},
		{"SG", 2, 8, "+65", "SGD", []uint32{9506, 4773, 3758, 55430}, []uint32{45143}},
		{"HK", 1.5, 8, "+852", "HKD", []uint32{9304, 4760, 9269}, []uint32{9231}},
		{"TW", 1.5, 8, "+886", "TWD", []uint32{3462, 4780}, []uint32{9674}},
		{"ID", 2.5, 7, "+62", "IDR", []uint32{7713, 17451}, []uint32{23693, 4761}},
		{"VN", 2, 7, "+84", "VND", []uint32{45899, 18403}, []uint32{7552}},
		{"PH", 1.5, 8, "+63", "PHP", []uint32{9299, 6648}, []uint32{4775}},
		{"NL", 2, 1, "+31", "EUR", []uint32{1136, 33915}, []uint32{31615}},
		{"PL", 2, 1, "+48", "PLN", []uint32{5617, 21021}, []uint32{8374, 43447}},
		{"ES", 2, 1, "+34", "EUR", []uint32{3352, 12479}, []uint32{12430}},
		{"IT", 2, 1, "+39", "EUR", []uint32{3269, 1267, 12874}, []uint32{16232}},
		{"TR", 1.5, 3, "+90", "TRY", []uint32{9121, 34984}, []uint32{16135}},
		{"MX", 1.5, -6, "+52", "MXN", []uint32{8151, 17072}, []uint32{28403}},
		{"NG", 1, 1, "+234", "NGN", []uint32{37148, 30988}, []uint32{29465, 36873}},
		{"IL", 1, 2, "+972", "ILS", []uint32{8551, 12849}, []uint32{1680}},
		{"SE", 1, 1, "+46", "SEK", []uint32{3301, 1257}, []uint32{44034}},
		{"CH", 1, 1, "+41", "CHF", []uint32{3303, 6730}, []uint32{15796}},
		{"UA", 1, 2, "+380", "UAH", []uint32{25229, 13188}, []uint32{15895, 21497}},
		{"PK", 1.2, 5, "+92", "PKR", []uint32{17557, 9541}, []uint32{45669, 24499}},
		{"BD", 0.8, 6, "+880", "BDT", []uint32{17494, 63526}, []uint32{24389}},
		{"EG", 0.8, 2, "+20", "EGP", []uint32{8452, 24863}, []uint32{36935}},
		{"SA", 0.7, 3, "+966", "SAR", []uint32{25019, 43766}, []uint32{35819}},
		{"AE", 0.8, 4, "+971", "AED", []uint32{5384, 15802}, []uint32{5384}},
		{"ZA", 0.8, 2, "+27", "ZAR", []uint32{37457, 3741}, []uint32{29975, 16637}},
		{"AR", 1, -3, "+54", "ARS", []uint32{7303, 22927}, []uint32{19037}},
		{"CO", 0.8, -5, "+57", "COP", []uint32{10620, 3816}, []uint32{26611}},
		{"MY", 0.8, 8, "+60", "MYR", []uint32{4788, 9534}, []uint32{4818}},
		{"TH", 0.8, 7, "+66", "THB", []uint32{7470, 45758}, []uint32{131445}},
	} {
		k := &country{code: c.code, weight: c.weight, zone: c.zone, dial: c.dial, currency: c.money, rest: restDays(c.code)}
		for _, n := range c.fixed {
			k.fixed = append(k.fixed, asn{n, "residential", k})
		}
		for _, n := range c.mobile {
			k.mobile = append(k.mobile, asn{n, "mobile", k})
		}
		a.countries.add(k, c.weight)
		a.byCode[c.code] = k
		for _, z := range zones(k) {
			part := *k
			part.zone, part.parts = z.offset, choice[*country]{}
			part.parts.add(&part, 1)
			k.parts.add(&part, z.share)
		}
	}
	us, sg, de := a.byCode["US"], a.byCode["SG"], a.byCode["DE"]
	for i, n := range []uint32{16509, 14618, 15169, 8075, 14061, 20473, 45102, 132203, 24940, 16276} {
		a.hosting = append(a.hosting, asn{n, "hosting", []*country{us, us, us, us, us, sg, sg, sg, de, de}[i]})
	}
	for i, n := range []uint32{9009, 60068, 212238, 136787} {
		a.vpn = append(a.vpn, asn{n, "vpn", []*country{us, de, us, sg}[i]})
	}
	a.relays = []asn{{36183, "proxy", us}, {13335, "proxy", us}, {54113, "proxy", de}}
	a.filters = []asn{{62044, "proxy", us}, {53813, "proxy", de}, {62044, "corporate", sg}}
	a.tor = []asn{{60729, "tor", de}, {208323, "tor", a.byCode["NL"]}}
	return a
}

// restDays are a country's weekend.
func restDays(code string) [2]int64 {
	switch code {
	case "IL", "EG", "SA", "BD":
		return [2]int64{5, 6}
	default:
		return [2]int64{6, 0}
	}
}

// zone is a time zone, hours from UTC, and the share of a country's people who live in it.
type zone struct {
	offset int
	share  float64
}

// zones lists the time zones of the large countries; the rest have one.
func zones(c *country) []zone {
	switch c.code {
	case "US":
		return []zone{{-5, 0.47}, {-6, 0.29}, {-7, 0.07}, {-8, 0.17}}
	case "CA":
		return []zone{{-5, 0.6}, {-6, 0.08}, {-7, 0.14}, {-8, 0.14}, {-4, 0.04}}
	case "BR":
		return []zone{{-3, 0.94}, {-4, 0.06}}
	case "AU":
		return []zone{{10, 0.82}, {8, 0.1}, {9, 0.08}}
	case "ID":
		return []zone{{7, 0.8}, {8, 0.2}}
	default:
		return []zone{{c.zone, 1}}
	}
}

// home is a fixed line: an address of its own, kept for days or weeks.
func (c *country) home(r *rng) access {
	leases := []int64{1, 4, 12, 60}
	return access{asn: &c.fixed[r.intn(len(c.fixed))], key: r.u64(), lease: leases[r.intn(4)] * dayMS, v6: r.chance(0.3)}
}

// phone is a mobile carrier: CGNAT, so an address belongs to many for a while.
func (c *country) phone(r *rng) access {
	n := &c.mobile[r.intn(len(c.mobile))]
	return access{asn: n, key: hash(uint64(n.number), 0xc9), pool: 160, slot: slotBySession, lease: 2 * dayMS, v6: r.chance(0.25)}
}

// office is a site's own NAT address, for ever.
func (c *country) office(r *rng) access {
	return access{asn: &c.fixed[r.intn(len(c.fixed))], key: r.u64(), kind: "corporate"}
}

// exit is a commercial VPN: few addresses, very many users.
func (a *atlas) exit(r *rng) access {
	n := &a.vpn[r.intn(len(a.vpn))]
	return access{asn: n, key: hash(uint64(n.number), 0xe1), pool: 24, slot: slotBySession}
}

// among is one of the few addresses of a service that very many share, a new one each session.
func among(services []asn, pool int, r *rng) access {
	n := &services[r.intn(len(services))]
	return access{asn: n, key: hash(uint64(n.number), hashString(n.country.code), 0xa6), pool: pool, slot: slotBySession}
}

// server is a machine in a data centre.
func (a *atlas) server(r *rng) access {
	return access{asn: &a.hosting[r.intn(len(a.hosting))], key: r.u64()}
}

// egress is a data centre's shared egress: functions and CI runners leave from there.
func (a *atlas) egress(r *rng) access {
	n := &a.hosting[r.intn(5)]
	return access{asn: n, key: hash(uint64(n.number), 0xe6), pool: 400, slot: slotBySession, lease: 7 * dayMS}
}
