package graph

import "slices"

// tally says how many members of a cluster touch an entity. It is small, for a comparison looks for one
// on each of an account's links, among dozens.
type tally struct {
	cluster Cluster
	n       int32
}

// other is what members that touch a prompt have beside it.
type other struct {
	rest   float32 // sum over them of what the families other than content say
	mixed  bool    // honest users have the prompt as well (pure.go)
	habits habits
	free   makeup // of those that are not suspended
}

// find returns where the cluster's tally is, or belongs. O(log clusters).
func (e *entity) find(c Cluster) (int, bool) {
	lo, hi := 0, len(e.clusters)
	for lo < hi {
		mid := (lo + hi) / 2
		if e.clusters[mid].cluster < c {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(e.clusters) && e.clusters[lo].cluster == c
}

// of returns how many of a cluster's members touch the entity. O(log clusters).
func (e *entity) of(c Cluster) int32 {
	if i, ok := e.find(c); ok {
		return e.clusters[i].n
	}
	return 0
}

// add changes the tally of a cluster by d.
func (e *entity) add(c Cluster, d int32) {
	i, ok := e.find(c)
	switch {
	case ok:
		n := &e.clusters[i].n
		e.large += isLarge(*n+d) - isLarge(*n)
		*n += d
		if *n > 0 {
			return
		}
		e.clusters = slices.Delete(e.clusters, i, i+1)
		if e.key.kind.Prompt() {
			e.others = slices.Delete(e.others, i, i+1)
		}
	case d > 0:
		e.large += isLarge(d)
		e.clusters = slices.Insert(e.clusters, i, tally{c, d})
		if e.key.kind.Prompt() {
			e.others = slices.Insert(e.others, i, other{})
		}
	}
}

// isLarge is 1 where a cluster has so many members on an entity that they may be told from the public, else 0.
func isLarge(n int32) int32 {
	if n >= leastAlike {
		return 1
	}
	return 0
}

// other returns what the cluster's members that touch a prompt have else, nil if none does or it is no prompt.
func (e *entity) other(c Cluster) *other {
	if !e.key.kind.Prompt() {
		return nil
	}
	if i, ok := e.find(c); ok {
		return &e.others[i]
	}
	return nil
}

// addRest adds to what the cluster's members that touch a content have else.
func (e *entity) addRest(c Cluster, d float32) {
	if d == 0 {
		return
	}
	if o := e.other(c); o != nil {
		o.rest += d
	}
}

// addHabit counts a member's habit, or with -1 takes it out.
func (e *entity) addHabit(acc *account, n int32) {
	if o := e.other(acc.cluster); o != nil {
		o.habits.add(&acc.habit, n)
		if !acc.keep {
			o.free.add(&acc.habit, n)
		}
	}
}
