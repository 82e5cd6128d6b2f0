package simulate

import (
	"os"
	"testing"
)

// BenchmarkSimulateFiles writes press at 1:100 to files; the metric is events/s.
func BenchmarkSimulateFiles(b *testing.B) {
	dir := b.TempDir()
	events := int64(0)
	for b.Loop() {
		c, err := world(b, "press", 0.01, 0.01, 1).WriteFiles(b.Context(), dir, nil)
		if err != nil {
			b.Fatal(err)
		}
		events += c.Total()
		b.StopTimer()
		if err := os.RemoveAll(dir); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkSimulateProtobuf makes the same world in Protobuf and throws it away.
func BenchmarkSimulateProtobuf(b *testing.B) {
	events := 0
	for b.Loop() {
		for range world(b, "press", 0.01, 0.01, 1, WithEncoding(Protobuf)).Events {
			events++
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
