package simulate

import (
	"strconv"
	"strings"
)

// Labels: what an account turned out to be.

// settleLabel dates an account's label: a day to three after its campaign's end, or after
// the end of the stream.
func (w *World) settleLabel(a *account) {
	delay := dayMS + int64(a.rng.float()*2*float64(dayMS))
	l := &a.label
	l.label, l.ts = "legit", w.end+delay
	if f := a.fleet; f != nil {
		l.label, l.campaign, l.ts = "fraud", f.campaign.Name, f.campaignEnd+delay
	} else if t := a.thief; t != nil {
		l.label, l.campaign = "compromised", t.fleet.campaign.Name
	}
}

// note is a label's: key=value pairs. The first time a stolen key is used is known only
// when it has been, so notes are written when labels are.
func (a *account) note() string {
	if f := a.fleet; f != nil {
		words := []string{"class=campaign", "pool=" + f.pool.Name, "level=" + f.effort.Level}
		if a.post.attack != "" {
			words = append(words, "attack="+a.post.attack)
		}
		return strings.Join(words, " ")
	}
	note := "class=" + a.class.name
	if trap := a.trap(); trap != "" {
		note += " trap=" + trap
	}
	if t := a.thief; t != nil && t.first > 0 {
		note += " key=" + idKey + string(appendHex(nil, t.fixedKey)) + " from=" + strconv.FormatInt(t.first, 10) +
			" level=" + t.fleet.effort.Level + " stolen=" + strconv.FormatInt(t.sent, 10)
	}
	return note
}

// trap is why an honest account may look bad; what a campaign does to it goes before its
// class's own.
func (a *account) trap() string {
	if a.framed {
		return "framed"
	}
	if a.patron {
		return "relay_customer"
	}
	return a.class.trap
}
