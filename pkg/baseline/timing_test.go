package baseline

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// BenchmarkDetectors is the cost of an event: exchanges of 5,000 accounts over 28 days, of
// which each has its own address and some of 200 templates. FRAUDAR's peeling is not in it.
func BenchmarkDetectors(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	events := make([]event.Request, 1<<17)
	for i := range events {
		a := r.IntN(5000)
		e := &events[i]
		e.AccountID, e.TS = fmt.Sprint("account", a), start+int64(i)*28*dayMS/int64(len(events))
		e.IP, e.JA4, e.UserAgent = event.Token(1000+a), event.Token(1+a%30), event.Token(1+a%50)
		e.Template, e.Suffix, e.CoT = mix(7, uint64(a%200+r.IntN(3))), r.Uint64(), -1
	}
	for i := range All() {
		b.Run(All()[i].Name(), func(b *testing.B) {
			b.ReportAllocs()
			d, n := All()[i], 0
			for b.Loop() {
				if n == len(events) {
					d, n = All()[i], 0
				}
				d.Request(&events[n])
				n++
			}
		})
	}
}
