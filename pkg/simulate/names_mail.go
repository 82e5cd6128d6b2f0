package simulate

import (
	"slices"
	"strconv"
	"strings"
)

// company is a domain name of an organisation, ending included.
func (n *names) company(r *rng, ending string) string {
	word := func() string { return n.words[r.intn(len(n.words))] }
	switch u := r.float(); {
	case u < 0.5:
		var b strings.Builder
		for range 3 {
			b.WriteString(n.syllables[r.intn(len(n.syllables))])
		}
		if r.chance(0.4) {
			b.WriteString(n.endings[r.intn(len(n.endings))])
		}
		return b.String() + ending
	case u < 0.8:
		return word() + word() + strconv.Itoa(r.intn(1000)) + ending
	default:
		return n.family[r.intn(len(n.family))] + word() + n.endings[r.intn(len(n.endings))] + ending
	}
}

// ending is a domain ending as companies and people choose them.
func ending(r *rng, home *country) string {
	u := r.float()
	switch {
	case u < 0.45:
		return ".com"
	case u < 0.63 && home.code == "GB":
		return ".co.uk"
	case u < 0.63:
		return "." + strings.ToLower(home.code)
	default:
		return []string{".io", ".net", ".org", ".dev", ".co", ".ai", ".app", ".tech", ".xyz", ".top", ".me"}[r.intn(11)]
	}
}

// hidden is a mailbox name that a relay makes up.
func hidden(r *rng) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, 10)
	for i := range b {
		b[i] = letters[r.intn(len(letters))]
	}
	return string(b)
}

// methodFor is how an address of a domain signs up: with the account of its mailbox
// provider, of a code host, or by a mail that confirms it.
func methodFor(domain string, r *rng) string {
	u := r.float()
	switch domain {
	case "gmail.com":
		if u < 0.45 {
			return "google"
		}
	case "outlook.com", "hotmail.com":
		if u < 0.45 {
			return "microsoft"
		}
	default:
		switch {
		case strings.HasSuffix(domain, ".example"): // disposable
			return "email"
		case u < 0.12:
			return "google"
		case u < 0.2:
			return "microsoft"
		}
	}
	if u > 0.85 {
		return "github"
	}
	return "email"
}

// settleMailboxes makes every address that of one account, as a shop with verified
// addresses has it: who comes second to a name adds digits. Variants of another's mailbox
// follow its name and differ from it, and from one another, in the tag alone.
func (w *World) settleMailboxes() {
	taken := make(map[string]bool, len(w.accounts))
	for _, a := range w.accounts {
		up := a.signup
		if up == nil || up.domain == "" {
			continue
		}
		r := rng(hash(a.key, 0x3a11))
		if up.of != nil {
			for up.local = up.of.local + "+" + up.tag; taken[up.local+"@"+up.domain]; {
				up.local += strconv.Itoa(r.intn(10))
			}
			taken[up.local+"@"+up.domain] = true
			continue
		}
		for taken[mailbox(up.local, up.domain)] {
			up.local += strconv.Itoa(r.intn(100))
		}
		taken[mailbox(up.local, up.domain)] = true
	}
}

// mailbox is where mail to an address ends up: public providers drop what follows a plus
// sign, one of them dots too.
func mailbox(local, domain string) string {
	local, _, _ = strings.Cut(local, "+")
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return local + "@" + domain
}

// tag is what people put behind a plus sign.
func tag(r *rng) string {
	return []string{"ai", "api", "work", "test", "dev", "atlas", "2", "llm", "home"}[r.intn(9)]
}

// isFree says whether a domain is a public mailbox provider's.
func (n *names) isFree(domain string) bool { return slices.Contains(n.free.values, domain) }
