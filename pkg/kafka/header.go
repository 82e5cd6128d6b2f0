package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// Header returns the value of a record's first header of the name, or nil.
func Header(r *kgo.Record, name string) []byte {
	for _, h := range r.Headers {
		if h.Key == name {
			return h.Value
		}
	}
	return nil
}
