package cluster

import (
	"cmp"
	"maps"
	"slices"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// memberships is who is in which cluster, by account and cluster. The records of one pair
// have one key and come in their order; those of different pairs lie on partitions that
// are read in any order, and an account may leave and join in the same millisecond. So each
// pair is kept by itself: what has been left is forgotten.
type memberships map[string]map[string]wire.Member

// note takes in a record.
func (ms memberships) note(m wire.Member) {
	of := ms[m.AccountID]
	if m.LeftAt != 0 {
		if delete(of, m.ClusterID); len(of) == 0 {
			delete(ms, m.AccountID)
		}
		return
	}
	if of == nil {
		of = map[string]wire.Member{}
		ms[m.AccountID] = of
	}
	of[m.ClusterID] = m
}

// current returns each account's membership, by account. Once every record is read an account
// has one; before that, or where records were lost, the latest counts.
func (ms memberships) current() []wire.Member {
	current := make([]wire.Member, 0, len(ms))
	for _, account := range slices.Sorted(maps.Keys(ms)) {
		current = append(current, slices.MaxFunc(slices.Collect(maps.Values(ms[account])), func(a, b wire.Member) int {
			return cmp.Or(cmp.Compare(a.JoinedAt, b.JoinedAt), cmp.Compare(a.ClusterID, b.ClusterID))
		}))
	}
	return current
}
