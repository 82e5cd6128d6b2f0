// Package samples holds golden records of the input topics: each event as JSON, as bare
// Protobuf and as a Confluent frame, and what it decodes to. pkg/decode's tests write
// the last three (go test ./decode -run Golden -update) and hold every decoder to them;
// whoever writes a producer may compare its output with the first three.
package samples

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// HMACKey is the key under which the decoded forms are tokenised, with key id 1.
const HMACKey = "the golden samples' public key"

// SchemaID is the schema id of the Confluent frames.
const SchemaID = 7

//go:embed *.json *.pb *.frame
var files embed.FS

// Sample is one event in its three encodings.
type Sample struct {
	Name     string // e.g. "signup-full"
	Topic    string // input topic it belongs to
	JSON     []byte
	Protobuf []byte // bare; header content-type: application/x-protobuf
	Frame    []byte // Confluent frame with SchemaID
	Decoded  []byte // the decoded event under HMACKey, as JSON of package event's struct
}

// All returns the samples in order of their names.
func All() ([]Sample, error) {
	names, err := fs.Glob(files, "*.pb")
	if err != nil {
		return nil, fmt.Errorf("listing samples: %w", err)
	}
	all := make([]Sample, 0, len(names))
	for _, name := range names {
		s, err := load(strings.TrimSuffix(name, ".pb"))
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func load(name string) (Sample, error) {
	kind, _, _ := strings.Cut(name, "-")
	s := Sample{Name: name, Topic: kind + "s"}
	for suffix, dst := range map[string]*[]byte{
		".json": &s.JSON, ".pb": &s.Protobuf, ".frame": &s.Frame, ".decoded.json": &s.Decoded,
	} {
		b, err := files.ReadFile(name + suffix)
		if err != nil {
			return Sample{}, fmt.Errorf("reading a sample: %w", err)
		}
		*dst = b
	}
	s.JSON = []byte(strings.TrimSpace(string(s.JSON)))
	return s, nil
}
