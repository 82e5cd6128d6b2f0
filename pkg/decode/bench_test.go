package decode

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/event"
	eventsv1 "github.com/iolaus-io/iolaus/schemas/gen/iolaus/events/v1"
)

const benchAccounts = 64

// benchRequests are requests of about 300 bytes as JSON, of 64 accounts, each with
// its own address, key, client and conversation.
func benchRequests(tb testing.TB) []*eventsv1.Request {
	tb.Helper()
	cot := 0.12
	var all []*eventsv1.Request
	for i := range benchAccounts {
		all = append(all, &eventsv1.Request{
			EventId: fmt.Sprintf("req-%010d", i), AccountId: fmt.Sprintf("acc-%06d", i), Ts: 1_760_000_000_000 + int64(i),
			ApiKeyId: fmt.Sprintf("key-%06d", i), ConversationId: fmt.Sprintf("conv-%06d", i), Turn: 3,
			Ip: fmt.Sprintf("203.0.113.%d", i), Asn: 64500, IpType: "hosting", Country: "SG", Model: "claude-opus-4",
			Status: 200, InputTokens: 1834, OutputTokens: 612, LatencyMs: 2140, Task: "software_engineering",
			TemplateHash: fmt.Sprintf("%016x", 0x1f3a77c01b2d4e00+i), CotScore: &cot,
		})
	}
	return all
}

func benchJSON(tb testing.TB) [][]byte {
	tb.Helper()
	var out [][]byte
	for _, r := range benchRequests(tb) {
		out = append(out, fmt.Appendf(nil, `{"event_id":%q,"account_id":%q,"ts":%d,"api_key_id":%q,"conversation_id":%q,"turn":%d,`+
			`"ip":%q,"asn":%d,"ip_type":%q,"country":%q,"model":%q,"status":%d,"input_tokens":%d,"output_tokens":%d,`+
			`"latency_ms":%d,"task":%q,"template_hash":%q,"cot_score":%v}`,
			r.EventId, r.AccountId, r.Ts, r.ApiKeyId, r.ConversationId, r.Turn, r.Ip, r.Asn, r.IpType, r.Country, r.Model,
			r.Status, r.InputTokens, r.OutputTokens, r.LatencyMs, r.Task, r.TemplateHash, *r.CotScore))
	}
	return out
}

func benchDecoder(tb testing.TB) *Decoder {
	tb.Helper()
	cfg := Default()
	cfg.Privacy.HMACKey = "benchmark key of 32 bytes length"
	d, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func BenchmarkRequestJSON(b *testing.B) {
	values := benchJSON(b)
	d := benchDecoder(b)
	var out event.Request
	b.SetBytes(int64(len(values[0])))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := d.Request(Record{Value: values[i%benchAccounts]}, &out); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRequestProtobuf(b *testing.B) {
	var values [][]byte
	for _, r := range benchRequests(b) {
		v, err := r.MarshalVT()
		if err != nil {
			b.Fatal(err)
		}
		values = append(values, v)
	}
	d := benchDecoder(b)
	var out event.Request
	b.SetBytes(int64(len(values[0])))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := d.Request(Record{Value: values[i%benchAccounts], ContentType: ContentTypeProtobuf}, &out); err != nil {
			b.Fatal(err)
		}
	}
}

// What reading alone costs, without checks and tokens.
func BenchmarkScanJSON(b *testing.B) {
	values := benchJSON(b)
	d := benchDecoder(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := d.read(Record{Value: values[i%benchAccounts]}, &d.request); err != nil {
			b.Fatal(err)
		}
	}
}

// The standard library on the same record, for comparison: reading alone.
func BenchmarkEncodingJSON(b *testing.B) {
	values := benchJSON(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var out eventsv1.Request
		if err := json.Unmarshal(values[i%benchAccounts], &out); err != nil {
			b.Fatal(err)
		}
	}
}

// vtproto on the same record, for comparison: reading alone.
func BenchmarkVTProto(b *testing.B) {
	var values [][]byte
	for _, r := range benchRequests(b) {
		v, err := r.MarshalVT()
		if err != nil {
			b.Fatal(err)
		}
		values = append(values, v)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var out eventsv1.Request
		if err := out.UnmarshalVT(values[i%benchAccounts]); err != nil {
			b.Fatal(err)
		}
	}
}
