package graph

import "math"

// Who else uses a prompt tells whose it is. A campaign that is a large part of the population has
// prompts that many accounts outside its cluster use as well, while they are still to be found; a popular
// framework that the campaign works through has prompts that the public uses. The one's users pay by
// light instruments and are younger than the stream, as the cluster's members are; the other's are as
// everybody is. So of those outside, as many count as the campaign's own as their makeup says that they are.

// makeup counts what is known of those who touch a prompt before they do anything.
type makeup struct{ payers, light, old int32 }

func (m *makeup) add(h *habit, n int32) {
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

func (m *makeup) without(h *habits) {
	m.payers, m.light, m.old = m.payers-h.payers, m.light-h.light, m.old-h.old
}

const (
	kinPayers = 12   // payers, or accounts, inside, and outside, for their instruments, or ages, to be compared
	kinLight  = 0.15 // by so much more must the members pay by light instruments than everybody else
	kinOld    = 0.25 // and so many fewer be older than the stream for that to be compared
)

// public returns how many of the out accounts that touch a prompt outside cluster c, and outside clusters
// that are alike, are of the public and no kin of its members. It is asked where they are enough for
// their makeup to say something, and says whether it did. Tuned on half@0.5:33 and on worlds of two other generators. Cost: as alike.
func (g *Graph) public(e *entity, c Cluster, out float64) (public float64, told bool) {
	inside := e.other(c)
	if inside == nil {
		return out, false
	}
	own := g.clusters[c].core
	if own.n < kinPayers { // too few for the cluster's own prompts to be known
		own = core{}
		own.add(inside, e.of(c))
	}
	others := g.strangers(e, c)
	rest := g.population.without(&g.clusters[c].free) // of whom others are a part; those that are suspended are too few to matter
	rest.payers, rest.light, rest.old = rest.payers-others.payers, rest.light-others.light, rest.old-others.old
	var k kinship
	if own.payers >= kinPayers && others.payers >= kinPayers && rest.payers >= leastKnown && own.lightShare() > rest.lightShare() {
		k.compare(own.lightShare(), others.lightShare(), rest.lightShare(), kinLight)
	}
	if all := float64(g.live) - float64(e.of(c)) - out; own.n >= kinPayers && out >= kinPayers && all >= leastKnown && own.oldShare() < float64(rest.old)/all {
		k.compare(own.oldShare(), float64(others.old)/out, float64(rest.old)/all, kinOld)
	}
	if k.weight == 0 {
		return out, false
	}
	return out * (1 - k.sum/k.weight), true
}

// strangers returns the makeup of those that touch a prompt outside cluster c and outside clusters that are alike.
func (g *Graph) strangers(e *entity, c Cluster) makeup {
	others := e.makeup
	for i := range e.clusters {
		if t := &e.clusters[i]; t.cluster == c || g.isAlike(e, t, c) {
			others.without(&e.others[i].habits)
		}
	}
	return others
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
