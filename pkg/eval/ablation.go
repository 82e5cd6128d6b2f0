package eval

import (
	"github.com/iolaus-io/iolaus/pkg/graph"
	"github.com/iolaus-io/iolaus/pkg/link"
)

// ablation is the product without some families of evidence.
type ablation struct {
	name string
	off  [link.NumFamilies]bool
}

// ablations leaves out each family by itself, then all but those that are hard to evade: a campaign
// can buy addresses, devices and mailboxes and shift its hours, but it needs cards, asks what it
// came to ask, and cannot undo what was suspended (Ianus, CCS'19, asks the same of its features).
func ablations() []ablation {
	var out []ablation
	for f := link.FamilyNetwork; f < link.NumFamilies; f++ {
		a := ablation{name: "without " + f.String()}
		a.off[f] = true
		out = append(out, a)
	}
	hard := ablation{name: "payment, content, history alone"}
	for f := link.FamilyNetwork; f < link.NumFamilies; f++ {
		switch f {
		case link.FamilyPayment, link.FamilyContent, link.FamilyHistory:
		default:
			hard.off[f] = true
		}
	}
	return append(out, hard)
}

func (a *ablation) apply(cfg graph.Config) graph.Config {
	cfg.Off = a.off
	return cfg
}
