package link

import (
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
)

// Every kind that counts names its family and its reason, once; traits bring nobody together.
func TestSpecs(t *testing.T) {
	codes := map[string]Kind{}
	for k := KindNone; k < NumAllKinds; k++ {
		s := k.Spec()
		if s.Code == "" {
			if k != KindNone && k != KindVolume && k != NumKinds {
				t.Errorf("%s counts for nothing", k)
			}
			continue
		}
		if other, twice := codes[s.Code]; twice {
			t.Errorf("%s and %s have the reason %s", k, other, s.Code)
		}
		codes[s.Code] = k
		if s.Cap < 0 || s.Floor > 0 || s.Family >= NumFamilies || k.Trait() && (s.Anchor || s.Hard) || s.Hard && !s.Anchor {
			t.Errorf("%s: %+v", k, s)
		}
	}
	if (NumAllKinds+5).Spec() != (Spec{}) || KindVolume.Tracked() || !KindIP.Tracked() || KindIP.Trait() || !TraitTask.Trait() {
		t.Error("an unknown kind counts, or a known one does not")
	}
}

func TestFormatToken(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		token uint64
		want  string
	}{
		{KindTemplate, 0xAB, "00000000000000ab"},
		{KindASN, ASNToken(64512, event.IPVPN), "AS64512/vpn"},
		{KindIP, 1<<56 | 0x2A, "k1-0000000000002a"},
	} {
		if got := FormatToken(c.kind, c.token); got != c.want {
			t.Errorf("%s: %s, want %s", c.kind, got, c.want)
		}
	}
}

// What is absent gives no entity, and a thing made of two needs both or either, as it is told.
func TestAbsentGivesNothing(t *testing.T) {
	if got := OfSignup(nil, &event.Signup{}); len(got) != 0 {
		t.Errorf("signup: %v", got)
	}
	if got := OfRequest(nil, &event.Request{}); len(got) != 0 {
		t.Errorf("request: %v", got)
	}
	if got := OfPayment(nil, &event.Payment{Funding: event.FundingVirtual, BillingName: 7}); len(got) != 0 {
		t.Errorf("payment with a funding and half a billing identity: %v", got)
	}
	has := func(es []Entity, k Kind) bool {
		for _, e := range es {
			if e.Kind == k && e.Token != 0 {
				return true
			}
		}
		return false
	}
	free := OfSignup(nil, &event.Signup{EmailDomain: 5, EmailShape: 6, FreeMail: true})
	if has(free, KindDomain) || !has(free, KindDomainShape) {
		t.Errorf("public mailbox: %v", free)
	}
	if es := OfRequest(nil, &event.Request{JA4: 0, UserAgent: 9}); !has(es, KindClient) {
		t.Errorf("a user agent alone: %v", es)
	}
}
