package console

import (
	"net/http"

	"github.com/iolaus-io/iolaus/schemas/clickhouse/queries"
)

// Pages of one cluster and of one account. The page itself is a frame that always renders; what
// comes from ClickHouse is loaded into it and refreshed.

func (h *handler) cluster(w http.ResponseWriter, r *http.Request) error {
	return h.pages.render(w, "cluster", h.view(r, "Cluster "+r.PathValue("id")))
}

type clusterView struct {
	Known     bool
	Figures   []figure
	FirstSeen string
	LastSeen  string
	ScoredAt  string
	Reasons   []reason
	Evidence  []shared
	Members   table
}

func (h *handler) clusterParts(w http.ResponseWriter, r *http.Request) error {
	run, id := h.run(r), r.PathValue("id")
	scored, err := h.source.byID(r.Context(), "cluster", run, id)
	if err != nil {
		return err
	}
	members, err := h.source.byID(r.Context(), "cluster_members_of", run, id)
	if err != nil {
		return err
	}
	v := clusterView{Known: len(scored.Rows) > 0 || len(members.Rows) > 0, Members: newTable(members, run)}
	if len(scored.Rows) > 0 {
		row := records(scored)[0]
		v.Figures = []figure{
			{"Score", formatScore(row["score"]), "of this cluster, 0 to 1"},
			{"Members", thousands(toFloat(row["size"])), "when it was scored"},
			{"Exchanges", thousands(toFloat(row["exchanges"])), "requests of its members"},
			{"Tokens", thousands(toFloat(row["tokens"])), "in and out"},
		}
		v.FirstSeen, v.LastSeen, v.ScoredAt = row.time("first_seen"), row.time("last_seen"), row.time("scored_at")
		v.Reasons = reasonsOf(row.texts("reason_codes"), nil, row.floats("contributions"), nil, nil)
		v.Evidence = sharedOf(row.texts("kinds"), row.texts("tokens_shared"), row.floats("holders"))
	}
	return h.pages.render(w, "cluster-parts", v)
}

func formatScore(v any) string { return newCell("score", v, "").Text }

func (h *handler) clusterSeries(w http.ResponseWriter, r *http.Request) error {
	return h.subjectSeries(w, r, queries.Query{Name: "cluster_history", Chart: queries.Timeseries, Unit: "members"})
}

func (h *handler) account(w http.ResponseWriter, r *http.Request) error {
	return h.pages.render(w, "account", h.view(r, "Account "+r.PathValue("id")))
}

type accountView struct {
	Action    string
	ClusterID string
	Cluster   string // its page
	Joined    string
	Revoked   []string // its keys that are revoked, the latest first
	Decisions []decisionView
}

type decisionView struct {
	Time, Action, Previous, Mode, Key, Policy string
	Score, AccountScore, ClusterScore         string
	Reasons                                   []reason
	Evidence                                  []shared
}

func (h *handler) accountParts(w http.ResponseWriter, r *http.Request) error {
	run, id := h.run(r), r.PathValue("id")
	decided, err := h.source.byID(r.Context(), "account_decisions", run, id)
	if err != nil {
		return err
	}
	member, err := h.source.byID(r.Context(), "account_cluster", run, id)
	if err != nil {
		return err
	}
	v := accountView{Action: "allow"}
	for _, row := range records(member) {
		v.ClusterID, v.Joined = row.text("cluster_id"), row.time("joined_at")
		v.Cluster = pageURL("clusters", v.ClusterID, run)
	}
	inForce, keys := false, map[string]bool{}
	for _, row := range records(decided) {
		d := newDecisionView(row)
		if d.Mode == "enforce" && d.Key != "" && !keys[d.Key] {
			if keys[d.Key] = true; d.Action == "revoke_key" {
				v.Revoked = append(v.Revoked, d.Key)
			}
		}
		if !inForce && d.Mode == "enforce" && d.Key == "" {
			v.Action, inForce = d.Action, true
		}
		v.Decisions = append(v.Decisions, d)
	}
	return h.pages.render(w, "account-parts", v)
}

func newDecisionView(row record) decisionView {
	return decisionView{
		Time: row.time("time"), Action: row.text("action"), Previous: row.text("previous_action"), Mode: row.text("mode"),
		Key: row.text("api_key_id"), Policy: row.text("policy_version"),
		Score: formatScore(row["score"]), AccountScore: formatScore(row["account_score"]), ClusterScore: formatScore(row["cluster_score"]),
		Reasons:  reasonsOf(row.texts("codes"), row.texts("families"), row.floats("contributions"), row.floats("measured"), row.floats("usual")),
		Evidence: sharedOf(row.texts("kinds"), row.texts("tokens_shared"), row.floats("holders")),
	}
}

func (h *handler) accountSeries(w http.ResponseWriter, r *http.Request) error {
	return h.subjectSeries(w, r, queries.Query{Name: "account_activity", Chart: queries.Bars, Unit: "requests"})
}

// subjectSeries draws a query about one cluster or account over the run's whole range.
func (h *handler) subjectSeries(w http.ResponseWriter, r *http.Request, q queries.Query) error {
	run := h.run(r)
	res, err := h.source.byID(r.Context(), q.Name, run, r.PathValue("id"))
	if err != nil {
		return err
	}
	e, err := h.source.extent(r.Context(), run, "all")
	if err != nil {
		return err
	}
	return writeSeries(w, res, q, e)
}
