package baseline

import (
	"fmt"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Thirty accounts that share forty templates, each template by one bit more or less, and
// otherwise look like everybody: their block is found, at the end of the stream, and the
// users of a popular template are not in it.
func TestFraudarFlagsABlock(t *testing.T) {
	var s stream
	at := int64(0)
	for a := range 200 {
		account := fmt.Sprint("honest", a)
		s = append(s, request(account, at, event.Token(1000+a), 0xABCD_0000_1111_2222))
		s = append(s, request(account, at+1, event.Token(1000+a), mix(1, uint64(a))))
		at += hourMS
	}
	for a := range 30 {
		for n := range uint64(40) {
			s = append(s, request(fmt.Sprint("relay", a), at, event.Token(2000+a), mix(2, n)^1<<(a%64)))
			at += minuteMS
		}
		s = append(s, request(fmt.Sprint("relay", a), at, event.Token(2000+a), 0xABCD_0000_1111_2222))
	}
	for _, v := range s.into(NewFraudar()) {
		relay := v.Account[0] == 'r'
		if v.Flagged != relay || relay && v.At != start+at {
			t.Errorf("%+v, last event %d", v, start+at)
		}
	}
}

// Without things that are shared there is no graph, and nobody is flagged.
func TestFraudarOnNothing(t *testing.T) {
	if vs := (stream{}).into(NewFraudar()); len(vs) != 0 {
		t.Errorf("%+v", vs)
	}
	if vs := (stream{request("a", 0, 1, 0), request("b", 0, 2, 0)}).into(NewFraudar()); len(flagged(vs)) != 0 {
		t.Errorf("%+v", vs)
	}
}
