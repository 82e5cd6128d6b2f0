package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iolaus-io/iolaus/pkg/config"
)

var update = flag.Bool("update", false, "write the generated pages anew")

const configurationPage = "../../../docs/configuration.md"

const configurationHead = `# Configuration

Generated from the program's settings; renew it with ` + "`go test ./cmd/iolaus -update`" + ` in ` + "`services`" + `.

A setting comes from, each overruling those before it: its default, the YAML file named by ` + "`--config`" + `, the
environment, a flag. The key ` + "`kafka.brokers`" + ` is the variable ` + "`IOLAUS_KAFKA_BROKERS`" + ` and the flag ` + "`--kafka.brokers`" + `;
in YAML it is written ` + "`kafka: {brokers: [...]}`" + ` or ` + "`kafka.brokers: ...`" + `. A list in a variable or a flag is separated by commas, a
number may end in KiB, MiB or GiB, a duration needs its unit (` + "`90s`, `1h30m`" + `). An empty variable counts as not set.

One file may serve all services: each takes the sections it works with. A key or an ` + "`IOLAUS_*`" + ` variable that does not
exist, or a value that cannot be read, ends the program with code 2 and one line that names it.

| key | type | default | meaning |
|---|---|---|---|
`

// docs/configuration.md lists every setting as it is.
func TestConfigurationPage(t *testing.T) {
	s := defaultSettings()
	var b strings.Builder
	b.WriteString(configurationHead)
	for _, k := range config.Keys(&s) {
		def := ""
		if k.Default != "" {
			def = "`" + k.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, strings.ReplaceAll(k.Type, "|", " or "), def, strings.ReplaceAll(k.Desc, "|", "\\|"))
	}
	if *update {
		if err := os.WriteFile(configurationPage, []byte(b.String()), 0o644); err != nil { //nolint:gosec // not secret
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(configurationPage)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.String(), string(got)); d != "" {
		t.Errorf("%s is not current; run go test ./cmd/iolaus -update\n%s", configurationPage, d)
	}
}
