package sink

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// place is a partition of a topic. The topic's id tells a topic from one of the same name
// that was deleted: its offsets begin again, and their tokens must not.
type place struct {
	topic     string
	id        [16]byte
	partition int32
}

// extent is what a batch holds: the records from offset from up to, not including, to.
type extent struct{ from, to int64 }

// token names a batch for good: the same place and extent always give the same rows.
func (p place) token(runID string, e extent) string {
	return fmt.Sprintf("%s/%s/%d/%d-%d/%s", p.topic, hex.EncodeToString(p.id[:]), p.partition, e.from, e.to, runID)
}

// planPrefix begins the metadata of a commit that announces a batch. Another version
// is ignored: its batch is then cut anew, and the tables still merge it.
const planPrefix = "iolaus-plan-1:"

// planned writes the end of the batch that begins at the committed offset.
func planned(to int64) string { return planPrefix + strconv.FormatInt(to, 10) }

// plannedEnd reads what planned wrote; 0 means that nothing was announced.
func plannedEnd(metadata string, committed int64) int64 {
	text, ok := strings.CutPrefix(metadata, planPrefix)
	if !ok {
		return 0
	}
	to, err := strconv.ParseInt(text, 10, 64)
	if err != nil || to <= committed {
		return 0
	}
	return to
}
