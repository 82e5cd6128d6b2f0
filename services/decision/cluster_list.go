package decision

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
)

// What clusters can be sorted by, highest first; equals go by id.
const (
	SortScore     = "score"
	SortSize      = "size"
	SortExchanges = "exchanges"
	SortLastSeen  = "last_seen"
)

// ClusterQuery selects and orders live clusters.
type ClusterQuery struct {
	MinScore float64
	MinSize  int
	Sort     string
	Cursor   string // of the page before; "" for the first
	Limit    int    // 1 or more
}

// ClusterPage is one page of clusters. A cluster whose place in the order changes between two
// pages may show on both or on none.
type ClusterPage struct {
	Clusters []Cluster
	Total    int    // of all pages
	Next     string // cursor of the next page; "" where this is the last
	AsOf     AsOf
}

var errCursor = errors.New("is none that this service gave for this order")

// place is where a cluster stands in an order: the cursor is the place of a page's last.
type place struct {
	Sort  string  `json:"s"`
	Value float64 `json:"v"`
	ID    string  `json:"i"`
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.ID, b.ID))
}

func (c *cluster) place(id, by string) place {
	p := place{Sort: by, ID: id}
	switch {
	case by == SortSize:
		p.Value = float64(len(c.members))
	case c.score == nil:
	case by == SortExchanges:
		p.Value = float64(c.score.Exchanges)
	case by == SortLastSeen:
		p.Value = float64(c.score.LastSeen)
	default:
		p.Value = c.score.Score
	}
	return p
}

// Clusters lists live clusters: those that have members.
func (v *View) Clusters(q ClusterQuery) (ClusterPage, error) {
	after, err := parseCursor(q)
	if err != nil {
		return ClusterPage{}, err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	var places []place
	page := ClusterPage{Clusters: []Cluster{}, AsOf: v.progress.asOf}
	for id, c := range v.clusters {
		if !c.selected(q) {
			continue
		}
		page.Total++
		if p := c.place(id, q.Sort); comparePlaces(p, after) > 0 {
			places = append(places, p)
		}
	}
	slices.SortFunc(places, comparePlaces)
	if len(places) > q.Limit {
		places = places[:q.Limit]
		page.Next = cursor(places[q.Limit-1])
	}
	for _, p := range places {
		page.Clusters = append(page.Clusters, v.clusters[p.ID].describe(p.ID))
	}
	return page, nil
}

func (c *cluster) selected(q ClusterQuery) bool {
	score := 0.0
	if c.score != nil {
		score = c.score.Score
	}
	return len(c.members) >= max(q.MinSize, 1) && score >= q.MinScore
}

func cursor(p place) string {
	body, _ := json.Marshal(p) // finite numbers and text: cannot fail
	return base64.RawURLEncoding.EncodeToString(body)
}

// parseCursor gives the place to go on after; for the first page, one before all.
func parseCursor(q ClusterQuery) (place, error) {
	if q.Cursor == "" {
		return place{Sort: q.Sort, Value: math.Inf(1)}, nil
	}
	body, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil {
		return place{}, errCursor
	}
	var p place
	if err := json.Unmarshal(body, &p); err != nil || p.Sort != q.Sort {
		return place{}, errCursor
	}
	return p, nil
}
