// Package grafana writes the Grafana dashboard from the SQL files of
// schemas/clickhouse/queries, so that it shows what the console shows. Write the
// committed file anew with `go test ./pkg/grafana -update`.
package grafana

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/iolaus-io/iolaus/schemas/clickhouse/queries"
)

// The ClickHouse data source plugin, and what it calls the formats of an answer.
const (
	pluginType    = "grafana-clickhouse-datasource"
	formatSeries  = 0
	formatTable   = 1
	schemaVersion = 39 // of Grafana 10 and later
)

// The grid is 24 wide.
const (
	full, half  = 24, 12
	panelHeight = 9
)

type object = map[string]any

// Dashboard returns the dashboard as indented JSON. It is the same for the same queries.
func Dashboard(all []queries.Query) ([]byte, error) {
	d := object{
		"uid": "iolaus", "title": "Iolaus", "tags": []string{"iolaus"}, "timezone": "utc", "schemaVersion": schemaVersion,
		"editable": true, "refresh": "10s", "time": object{"from": "now-6h", "to": "now"},
		"templating": object{"list": variables()},
		"panels":     panels(all),
	}
	out, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the dashboard: %w", err)
	}
	return append(out, '\n'), nil
}

func variables() []object {
	return []object{
		{"name": "datasource", "label": "ClickHouse", "type": "datasource", "query": pluginType},
		{
			"name": "run_id", "label": "Run", "type": "query", "datasource": source(), "refresh": 1, "sort": 1,
			"query":   "SELECT DISTINCT run_id FROM iolaus.account_activity ORDER BY run_id",
			"current": object{"text": "live", "value": "live"},
		},
	}
}

func source() object { return object{"type": pluginType, "uid": "${datasource}"} }

// panels puts charts two abreast and tables on lines of their own.
func panels(all []queries.Query) []object {
	var out []object
	x, y := 0, 0
	for i, q := range all {
		width := half
		if q.Chart == queries.Table {
			width = full
		}
		if x+width > full {
			x, y = 0, y+panelHeight
		}
		out = append(out, panel(i+1, q, object{"x": x, "y": y, "w": width, "h": panelHeight}))
		x += width
	}
	return out
}

func panel(id int, q queries.Query, at object) object {
	kind, format := kindOf(q.Chart)
	return object{
		"id": id, "title": q.Title, "description": q.Description, "type": kind, "gridPos": at, "datasource": source(),
		"fieldConfig": object{"defaults": defaults(q), "overrides": []object{}},
		"options":     options(q),
		"targets": []object{{
			"refId": "A", "datasource": source(), "editorType": "sql", "format": format, "queryType": queryType(format), "rawSql": rawSQL(q.SQL),
		}},
	}
}

func kindOf(c queries.Chart) (kind string, format int) {
	switch c {
	case queries.Timeseries, queries.Bars:
		return "timeseries", formatSeries
	case queries.Categories:
		return "barchart", formatTable
	case queries.Stat:
		return "stat", formatTable
	default:
		return "table", formatTable
	}
}

func queryType(format int) string {
	if format == formatSeries {
		return "timeseries"
	}
	return "table"
}

func defaults(q queries.Query) object {
	d := object{}
	switch q.Unit {
	case "none":
	case "percentunit":
		d["unit"] = q.Unit
	default:
		d["unit"] = "short"
		d["custom"] = object{"axisLabel": q.Unit}
	}
	if q.Chart == queries.Bars {
		d["custom"] = object{
			"axisLabel": q.Unit, "drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0, "stacking": object{"mode": "normal", "group": "A"},
		}
	}
	return d
}

// options make a stat show its last column; the others are as Grafana has them.
func options(q queries.Query) object {
	if q.Chart != queries.Stat {
		return object{}
	}
	return object{"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "/^" + q.Name + "$/", "values": false}}
}

// rawSQL writes the parameters as the plugin's macros and the dashboard's variable.
func rawSQL(sql string) string {
	return strings.NewReplacer(
		"{run_id:String}", "${run_id:singlequote}",
		"{from:DateTime64(3, 'UTC')}", "$__fromTime_ms",
		"{to:DateTime64(3, 'UTC')}", "$__toTime_ms",
	).Replace(sql)
}
