package eval

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/iolaus-io/iolaus/pkg/replay"
)

// WriteTable prints a result for people.
func (r *Result) WriteTable(w io.Writer) error {
	t := &table{tw: tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)}
	t.line("\n%s: %d events, %d labelled accounts", r.World, r.Events, r.Accounts)
	t.campaigns(r)
	t.honest(r)
	t.special(r)
	t.quality(r)
	t.others(r)
	t.cost(r.Cost)
	t.flush()
	return t.err
}

// table writes blocks of aligned columns; the first error stays.
type table struct {
	tw  *tabwriter.Writer
	err error
}

func (t *table) flush() {
	if err := t.tw.Flush(); t.err == nil {
		t.err = err
	}
}

// line is text that is no row: it ends the block above.
func (t *table) line(format string, args ...any) {
	t.flush()
	_, err := fmt.Fprintf(t.tw, format+"\n", args...)
	t.flush()
	if t.err == nil {
		t.err = err
	}
}

// row is cells; the first is the name.
func (t *table) row(cells ...any) {
	for i, c := range cells {
		var err error
		if i == 0 {
			_, err = fmt.Fprintf(t.tw, "  %-32v", c)
		} else {
			_, err = fmt.Fprintf(t.tw, "\t%v", c)
		}
		if t.err == nil {
			t.err = err
		}
	}
	_, _ = fmt.Fprintln(t.tw, "\t")
}

func (t *table) campaigns(r *Result) {
	if r.All.Accounts == 0 {
		return
	}
	head := []any{"campaign, effort", "accounts", "recall", "leakage", "exchanges p50", "p90", "time p50", "p90", "clusters", "purity"}
	t.row(head...)
	for _, groups := range [][]Outcome{r.Campaigns, r.Levels, r.Attacks, {r.All}} {
		for i := range groups {
			t.outcome(&groups[i])
		}
	}
}

func (t *table) outcome(o *Outcome) {
	times := []any{"-", "-", "-", "-"}
	if o.Suspended > 0 {
		times = []any{o.MedianExchanges, o.P90Exchanges, span(o.MedianSeconds), span(o.P90Seconds)}
	}
	t.row(append(append([]any{o.Name, o.Accounts, pct(o.Recall), pct(o.Leakage)}, times...), o.Clusters, pct(o.Purity))...)
}

// honest lists each class and trap. Those whose accounts met no action share a few lines, each with
// how many accounts it has: nothing is pooled.
func (t *table) honest(r *Result) {
	if r.Honest.Accounts == 0 {
		return
	}
	t.line("")
	t.row("honest: ever (standing)", "accounts", "suspended", "95% below", "throttled", "95% below", "verified", "95% below")
	for _, groups := range []struct {
		name string
		of   []Honest
	}{{"class ", r.Classes}, {"trap ", r.Traps}} {
		for i := range groups.of {
			if h := &groups.of[i]; h.met() {
				t.honestRow(groups.name+h.Name, h)
			}
		}
	}
	t.honestRow("all honest", &r.Honest)
	t.unharmed("classes", r.Classes)
	t.unharmed("traps", r.Traps)
}

// met reports whether any of the accounts ever met an action that it could feel.
func (h *Honest) met() bool { return h.Suspended+h.Throttled+h.Verified > 0 }

func (t *table) unharmed(what string, groups []Honest) {
	var names []string
	for i := range groups {
		if h := &groups[i]; !h.met() {
			names = append(names, fmt.Sprintf("%s %d", h.Name, h.Accounts))
		}
	}
	if len(names) > 0 {
		t.wrapped("  no action on any account of these "+what+": ", strings.Join(names, ", "))
	}
}

// wrapped prints text in lines of about 130 characters.
func (t *table) wrapped(head, text string) {
	line := head
	for _, word := range strings.SplitAfter(text, ", ") {
		if len(line)+len(word) > 130 {
			t.line("%s", line)
			line = "    "
		}
		line += word
	}
	t.line("%s", line)
}

func (t *table) honestRow(name string, h *Honest) {
	t.row(name, h.Accounts, both(h.Suspended, h.FinalSuspended), pct(h.SuspendedBound), both(h.Throttled, h.FinalThrottled),
		pct(h.ThrottledBound), both(h.Verified, h.FinalVerified), pct(h.VerifiedBound))
}

func both(ever, final int) string {
	if ever == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%d)", ever, final)
}

func (t *table) special(r *Result) {
	if len(r.Stolen) > 0 {
		t.line("")
		t.row("stolen keys", "keys", "revoked", "leakage", "time p50", "owners suspended")
		for _, s := range r.Stolen {
			after := "-"
			if s.Revoked > 0 {
				after = span(s.MedianSeconds)
			}
			t.row(s.Name, s.Keys, pct(s.Share), pct(s.Leakage), after, s.OwnersSuspended)
		}
	}
	if r.WrongKeys > 0 {
		t.line("  %d keys were revoked that nobody stole", r.WrongKeys)
	}
	if len(r.Second) > 0 {
		t.line("")
		t.row("second pool, suspended", "accounts", "before the 1st exchange", "before the 10th", "ever")
		for _, s := range r.Second {
			t.row(s.Name, s.Accounts, pct(s.BeforeFirst), pct(s.BeforeTenth), pct(s.Suspended))
		}
	}
}

func (t *table) quality(r *Result) {
	c := &r.Clusters
	t.line("")
	t.row("clusters", "accounts", "clusters", "homogeneity", "completeness", "ARI", "purity")
	for _, a := range []struct {
		name string
		of   *Agreement
	}{{"enforced", &c.OfActed}, {"all", &c.OfAll}, {"campaigns, caught or not", &c.OfFraud}} {
		t.row(a.name, a.of.Accounts, a.of.Clusters, digits(a.of.Homogeneity), digits(a.of.Completeness), digits(a.of.ARI), pct(a.of.Purity))
	}
	t.line("  %d of %d enforced clusters held an honest account (%d at the end)", c.MixedEver, c.Enforced, c.Mixed)
	if r.All.Accounts > 0 && r.Honest.Accounts > 0 {
		t.line("  recall at FPR %s, AUC %.5f; calibration error %.4f, worst bin %.2f, Brier %.4f", fprs(r.Rank), r.Rank.AUC,
			r.Reliability.ECE, r.Reliability.Worst, r.Reliability.Brier)
	}
	a := &r.Audit
	t.line("  %d decisions, %d suspensions: %d below two families, %d without evidence, %d repeats, %d broken chains, %d backwards, %d without a key",
		a.Decisions, a.Suspensions, a.FewFamilies, a.NoEvidence, a.Repeats, a.Broken, a.Backwards, a.Unnamed)
	for _, e := range a.Examples {
		t.line("    %s", e)
	}
}

func fprs(r Rank) (s string) {
	for i, at := range r.At {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%.0e %s (%d of %d wrong)", at.Rate, pct(at.Recall), at.Allowed, r.Honest)
	}
	return s
}

// others lists what was judged beside the product on the same world.
func (t *table) others(r *Result) {
	if len(r.Baselines) == 0 && len(r.Ablations) == 0 {
		return
	}
	levels := r.Levels
	t.line("")
	head := []any{"beside", "recall", "leakage", "honest suspended", "recall at FPR 1e-3", "1e-4"}
	for _, l := range levels {
		head = append(head, l.Name+" recall", "leakage")
	}
	t.row(head...)
	t.judged(&r.Judged, levels)
	for i := range r.Ablations {
		t.judged(&r.Ablations[i], levels)
	}
	for i := range r.Baselines {
		t.judged(&r.Baselines[i], levels)
	}
}

func (t *table) judged(j *Judged, levels []Outcome) {
	cells := []any{j.Detector, pct(j.All.Recall), pct(j.All.Leakage), fmt.Sprintf("%d of %d", j.Honest.Suspended, j.Honest.Accounts),
		pct(j.Rank.At[0].Recall), pct(j.Rank.At[1].Recall)}
	for i := range levels {
		cells = append(cells, pct(j.Levels[i].Recall), pct(j.Levels[i].Leakage))
	}
	t.row(cells...)
}

func (t *table) cost(c *replay.Cost) {
	if c == nil || c.Events == 0 {
		return
	}
	runtime := max(0, c.Process-c.Decode-c.Fold-c.Detect-c.Rest-c.Watch)
	t.line("\n  µs CPU an event: decode %.2f, fold %.2f, graph and score %.2f, the rest of replay %.2f, collector %.2f; judging here %.2f",
		c.Per(c.Decode), c.Per(c.Fold), c.Per(c.Detect), c.Per(c.Rest), c.Per(runtime), c.Per(c.Watch))
	links := ""
	if c.Links > 0 {
		links = fmt.Sprintf(", %d live links (%d B each)", c.Links, c.GraphBytes/uint64(c.Links))
	}
	t.line("  heap at the end: detector %s for %d active accounts (%d B each)%s, windows %s for %d accounts",
		megabytes(c.GraphBytes), c.Active, c.GraphBytes/uint64(max(1, c.Active)), links, megabytes(c.WindowBytes), c.Accounts)
}

func megabytes(b uint64) string { return fmt.Sprintf("%.1f MB", float64(b)/1e6) }

// pct shows a share with as many digits as it takes not to round to 0 or 100%.
func pct(v float64) string {
	switch {
	case v > 0 && v < 0.001, v < 1 && v > 0.999:
		return fmt.Sprintf("%.3f%%", 100*v)
	default:
		return fmt.Sprintf("%.1f%%", 100*v)
	}
}

func digits(v float64) string { return fmt.Sprintf("%.3f", v) }

// span shows seconds in the unit that fits.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1fh", d.Hours())
	default:
		return fmt.Sprintf("%.1fd", d.Hours()/24)
	}
}
