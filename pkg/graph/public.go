package graph

import "math"

// Who else uses a prompt tells whose it is. A campaign that is a large part of the population has
// prompts that many accounts outside its cluster use as well, while they are still to be found; a popular
// framework that the campaign works through has prompts that the public uses. The one's users pay by
// light instruments and are younger than the stream, as the cluster's members are; the other's are as
// everybody is. So of those outside, as many count as the campaign's own as their makeup says that they are.

// makeup counts what is known of some accounts before they do anything.
type makeup struct{ n, payers, light, old int32 }

func (m *makeup) add(h *habit, n int32) {
	m.n += n
	if h.payer {
		m.payers += n
		if h.light {
			m.light += n
		}
	}
	if h.old {
		m.old += n
	}
}

func (m *makeup) lightShare() float64 { return float64(m.light) / float64(max(1, m.payers)) }
func (m *makeup) oldShare() float64   { return float64(m.old) / float64(max(1, m.n)) }

func (m makeup) without(x makeup) makeup {
	return makeup{m.n - x.n, m.payers - x.payers, m.light - x.light, m.old - x.old}
}

const (
	kinPayers = 12   // payers, or accounts, inside, and outside, for their instruments, or ages, to be compared
	kinLight  = 0.15 // by so much more must the members pay by light instruments than everybody else
	kinOld    = 0.25 // and so many fewer be older than the stream for that to be compared
)

// public returns how many of the out accounts that touch a prompt outside cluster c, and outside clusters
// that are alike, are of the public and no kin of its members. It is asked where they are enough for
// their makeup to say something, and says whether it did. Those that are suspended are as much of the public
// as the others are. Tuned on half@0.5:33, press:3 at 1:50 and on worlds of two other generators. Cost: as alike.
func (g *Graph) public(e *entity, c Cluster, out float64) (public float64, told bool) {
	inside := e.other(c)
	if inside == nil {
		return out, false
	}
	own := g.clusters[c].core
	if own.n < kinPayers { // too few for the cluster's own prompts to be known
		own = makeup{}
		own.of(inside, e.of(c))
	}
	others := g.strangers(e, c)
	rest := g.outsiders(c).without(others)
	var k kinship
	if own.payers >= kinPayers && others.payers >= kinPayers && rest.payers >= leastKnown && own.lightShare() > rest.lightShare() {
		k.compare(own.lightShare(), others.lightShare(), rest.lightShare(), kinLight)
	}
	if own.n >= kinPayers && others.n >= kinPayers && rest.n >= leastKnown && own.oldShare() < rest.oldShare() {
		k.compare(own.oldShare(), others.oldShare(), rest.oldShare(), kinOld)
	}
	if k.weight == 0 {
		return out, false
	}
	return out * (1 - k.sum/k.weight), true
}

// strangers returns the makeup of those that touch a prompt outside cluster c and outside clusters that are alike, and
// are not suspended.
func (g *Graph) strangers(e *entity, c Cluster) makeup {
	others := e.makeup
	for i := range e.clusters {
		if t := &e.clusters[i]; t.cluster == c || g.isAlike(e, t, c) {
			others = others.without(e.others[i].free)
		}
	}
	return others
}

// outsiders returns the makeup of everybody outside cluster c who is not suspended.
func (g *Graph) outsiders(c Cluster) makeup {
	cl := &g.clusters[c]
	h := g.population.without(&cl.free)
	return makeup{n: int32(g.live-g.kept-len(cl.members)) + cl.kept, payers: h.payers, light: h.light, old: h.old} //nolint:gosec // accounts are 32-bit
}

// kinship is the mean, by how much each tells, of the shares of some accounts that are as a cluster's members are.
type kinship struct{ sum, weight float64 }

// compare takes a share of the members, of the accounts in question and of everybody else, where the first and
// the last differ by at least so much: the second is a mixture of both.
func (k *kinship) compare(members, theirs, everybody, least float64) {
	if d := math.Abs(members - everybody); d >= least {
		k.sum += d * min(max((theirs-everybody)/(members-everybody), 0), 1)
		k.weight += d
	}
}
