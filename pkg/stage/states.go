package stage

import (
	"strings"

	"github.com/iolaus-io/iolaus/pkg/redisstore"
)

// slot is an account whose state is unpacked, because its activity has not been told in
// full yet. touched: changed by the batch in hand.
type slot[S any] struct {
	state   S
	account string
	touched bool
}

// states is what an owner holds of its partition's accounts. Hot ones are unpacked;
// the others are kept packed, as a cache of what Redis holds, in two generations: the older
// is forgotten when the younger is full. Not for concurrent use.
type states[S any, P Packed[S]] struct {
	hot     map[string]*slot[S]
	young   map[string][]byte
	old     map[string][]byte
	limit   int // of a generation
	free    []*slot[S]
	touched []*slot[S]
	stored  []*slot[S] // what pack packed last
	missing []*slot[S] // to be loaded
	arena   []byte
	packed  []redisstore.State
}

func newStates[S any, P Packed[S]](resident int) *states[S, P] {
	return &states[S, P]{hot: map[string]*slot[S]{}, young: map[string][]byte{}, limit: resident/2 + 1}
}

// slot returns an account's slot. One that is not resident is put down as missing and
// must be loaded before use.
func (s *states[S, P]) slot(account string) (*slot[S], error) {
	if sl := s.hot[account]; sl != nil {
		return sl, nil
	}
	sl := s.take(account)
	b, ok := s.young[account]
	if !ok {
		b, ok = s.old[account]
	}
	if !ok {
		s.missing = append(s.missing, sl)
		return sl, nil
	}
	return sl, P(&sl.state).Decode(b)
}

func (s *states[S, P]) take(account string) *slot[S] {
	var sl *slot[S]
	if n := len(s.free); n > 0 {
		sl, s.free = s.free[n-1], s.free[:n-1]
	} else {
		sl = new(slot[S])
	}
	sl.account = strings.Clone(account) // the event's string holds its ids too
	s.hot[sl.account] = sl
	return sl
}

// missingAccounts lists what must be loaded.
func (s *states[S, P]) missingAccounts() []string {
	accounts := make([]string, len(s.missing))
	for i, sl := range s.missing {
		accounts[i] = sl.account
	}
	return accounts
}

// loaded fills the missing ones; nil means that the account is new.
func (s *states[S, P]) loaded(packed [][]byte) error {
	for i, sl := range s.missing {
		P(&sl.state).Reset()
		if packed[i] == nil {
			continue
		}
		if err := P(&sl.state).Decode(packed[i]); err != nil {
			return err
		}
	}
	s.missing = s.missing[:0]
	return nil
}

func (s *states[S, P]) touch(sl *slot[S]) {
	if !sl.touched {
		sl.touched = true
		s.touched = append(s.touched, sl)
	}
}

// pack packs what the batch touched. The result is good until the next call.
func (s *states[S, P]) pack() []redisstore.State {
	s.arena, s.packed = s.arena[:0], s.packed[:0]
	for _, sl := range s.touched {
		start := len(s.arena)
		s.arena = P(&sl.state).Append(s.arena)
		s.packed = append(s.packed, redisstore.State{Account: sl.account, Packed: s.arena[start:len(s.arena):len(s.arena)]})
		sl.touched = false
	}
	s.touched, s.stored = s.stored[:0], s.touched
	return s.packed
}

// cool packs every hot account away, once its activity has been told and stored. It
// comes after pack, whose bytes it uses for the accounts that the batch touched.
func (s *states[S, P]) cool() {
	for i, sl := range s.stored {
		s.keep(sl.account, s.packed[i].Packed)
		s.release(sl)
	}
	for _, sl := range s.hot {
		s.arena = P(&sl.state).Append(s.arena[:0])
		s.keep(sl.account, s.arena)
		s.release(sl)
	}
}

func (s *states[S, P]) release(sl *slot[S]) {
	delete(s.hot, sl.account)
	s.free = append(s.free, sl)
}

func (s *states[S, P]) keep(account string, packed []byte) {
	b, ok := s.young[account]
	if !ok && len(s.young) >= s.limit {
		s.old, s.young = s.young, make(map[string][]byte, s.limit)
	}
	if cap(b) < len(packed) {
		b = make([]byte, 0, len(packed)+len(packed)/8)
	}
	s.young[account] = append(b[:0], packed...)
}
