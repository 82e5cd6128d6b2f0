package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iolaus-io/iolaus/pkg/config"
)

type kafkaConfig struct {
	Brokers    []string `koanf:"brokers" desc:"addresses to start from"`
	Partitions int32    `koanf:"partitions"`
	Dial       func()   // no tag: no setting
}

type loadingConfig struct {
	Default string `koanf:"default"`
}

type appConfig struct {
	Kafka kafkaConfig `koanf:"kafka"`
	Stage struct {
		MaxFuture time.Duration `koanf:"max_future"`
		MaxBytes  int           `koanf:"max_bytes"`
		Weight    float64       `koanf:"weight"`
		Fast      bool          `koanf:"fast"`
	} `koanf:"stage"`
	Decision struct {
		Loading loadingConfig `koanf:"loading"`
	} `koanf:"decision"`
	Registry struct {
		IDs map[string]uint32 `koanf:"ids"`
	} `koanf:"schema_registry"`
	Key string `koanf:"hmac_key"`
}

func defaults() appConfig {
	var c appConfig
	c.Kafka = kafkaConfig{Brokers: []string{"localhost:9092"}, Partitions: 4}
	c.Stage.MaxFuture = 5 * time.Minute
	c.Stage.MaxBytes = 1 << 20
	return c
}

func writeFile(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "iolaus.yaml")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadPrecedence(t *testing.T) {
	cases := []struct {
		name  string
		file  string
		env   []string
		flags map[string]string
		want  func(*appConfig)
	}{
		{ // nothing given: the defaults stay
			name: "defaults", want: func(*appConfig) {},
		},
		{ // the file replaces a default, and only what it names
			name: "file", file: "kafka:\n  partitions: 12\n",
			want: func(c *appConfig) { c.Kafka.Partitions = 12 },
		},
		{ // a variable wins over the file
			name: "env over file", file: "kafka: {partitions: 12}", env: []string{"IOLAUS_KAFKA_PARTITIONS=7"},
			want: func(c *appConfig) { c.Kafka.Partitions = 7 },
		},
		{ // a flag wins over both
			name: "flag over all", file: "kafka: {partitions: 12}", env: []string{"IOLAUS_KAFKA_PARTITIONS=7"},
			flags: map[string]string{"kafka.partitions": "3"},
			want:  func(c *appConfig) { c.Kafka.Partitions = 3 },
		},
		{ // keys of several words, and sections below sections
			name: "multi-word", env: []string{"IOLAUS_STAGE_MAX_FUTURE=90s", "IOLAUS_DECISION_LOADING_DEFAULT=deny", "IOLAUS_HMAC_KEY=00ff"},
			want: func(c *appConfig) {
				c.Stage.MaxFuture, c.Decision.Loading.Default, c.Key = 90*time.Second, "deny", "00ff"
			},
		},
		{ // an empty variable is as good as none, as compose files leave them
			name: "empty variable", env: []string{"IOLAUS_KAFKA_PARTITIONS="}, want: func(*appConfig) {},
		},
		{ // variables of the build are not settings; those of others are not ours
			name: "ignored", env: []string{"IOLAUS_TOOLS=/x", "PATH=/bin"}, want: func(*appConfig) {},
		},
		{ // a list by comma in a variable, as a list in YAML
			name: "list", file: "kafka: {brokers: [a:1, b:2]}", want: func(c *appConfig) { c.Kafka.Brokers = []string{"a:1", "b:2"} },
		},
		{ // spaces and empty parts of a list fall away
			name: "list in variable", env: []string{"IOLAUS_KAFKA_BROKERS=a:1, b:2,"}, want: func(c *appConfig) { c.Kafka.Brokers = []string{"a:1", "b:2"} },
		},
		{ // sizes with a unit, numbers, booleans
			name: "typed", file: "stage:\n  max_bytes: 64KiB\n  weight: 1e3\n  fast: yes\n",
			env:  []string{"IOLAUS_STAGE_FAST=true"},
			want: func(c *appConfig) { c.Stage.MaxBytes, c.Stage.Weight, c.Stage.Fast = 64<<10, 1000, true },
		},
		{ // dotted keys in a file mean the same as sections; an empty section means nothing
			name: "dotted", file: "stage.max_future: 1h\nkafka:\n", want: func(c *appConfig) { c.Stage.MaxFuture = time.Hour },
		},
		{ // below a map every name is a key
			name: "map", file: "schema_registry: {ids: {signup: 3}}", env: []string{"IOLAUS_SCHEMA_REGISTRY_IDS_REQUEST=4"},
			want: func(c *appConfig) { c.Registry.IDs = map[string]uint32{"signup": 3, "request": 4} },
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			src := config.Sources{Environ: tc.env, Ignore: []string{"IOLAUS_TOOLS"}, Flags: tc.flags}
			if tc.file != "" {
				src.File = writeFile(t, tc.file)
			}
			got, want := defaults(), defaults()
			tc.want(&want)
			if err := config.Load(&got, src); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Dial" }, cmp.Ignore())); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	cases := []struct {
		name, file string
		env        []string
		flags      map[string]string
		want       string // FILE stands for the file's path
	}{
		{ // a misspelt key is fatal and the right one is named
			name: "unknown key", file: "kafka: {borkers: [a]}",
			want: "kafka.borkers: is no known setting; did you mean kafka.brokers? (file FILE)",
		},
		{ // a section that does not exist
			name: "unknown section", file: "zzz: {x: 1}", want: "zzz.x: is no known setting (file FILE)",
		},
		{ // as with keys, so with variables
			name: "unknown variable", env: []string{"IOLAUS_KAFKA_BROKER=a"},
			want: "IOLAUS_KAFKA_BROKER: matches no setting; did you mean IOLAUS_KAFKA_BROKERS? (environment)",
		},
		{ // a variable named like a section
			name: "variable of a section", env: []string{"IOLAUS_KAFKA=a"}, want: "IOLAUS_KAFKA: matches no setting (environment)",
		},
		{ // a value where a section belongs
			name: "section with a value", file: "kafka: 3", want: "kafka: is a section: put its settings below it (file FILE)",
		},
		{ // a section where a value belongs
			name: "value with a section", file: "hmac_key: {a: 1}", want: "hmac_key.a: is no known setting; did you mean hmac_key? (file FILE)",
		},
		{ // a duration without a unit
			name: "bad duration", env: []string{"IOLAUS_STAGE_MAX_FUTURE=5"},
			want: `stage.max_future: want a duration with its unit, such as 90s or 1h30m, not "5" (environment)`,
		},
		{ // an integer that is none
			name: "bad number", flags: map[string]string{"kafka.partitions": "four"},
			want: `kafka.partitions: want a whole number that fits 32 bits, such as 5000 or 64KiB, not "four" (flag)`,
		},
		{ // an integer too large for its field
			name: "overflow", file: "kafka: {partitions: 5000000000}",
			want: `kafka.partitions: want a whole number that fits 32 bits, such as 5000 or 64KiB, not "5000000000" (file FILE)`,
		},
		{ // a size whose product does not fit
			name: "size overflow", env: []string{"IOLAUS_STAGE_MAX_BYTES=9999999999999GiB"},
			want: `stage.max_bytes: want a whole number that fits 64 bits, such as 5000 or 64KiB, not "9999999999999GiB" (environment)`,
		},
		{ // booleans are true and false
			name: "bad bool", env: []string{"IOLAUS_STAGE_FAST=maybe"}, want: `stage.fast: want true or false, not "maybe" (environment)`,
		},
		{ // a list where one value belongs
			name: "list for text", file: "hmac_key: [a]", want: "hmac_key: want one value, not a list or a section (file FILE)",
		},
		{ // NaN would pass every comparison
			name: "NaN", env: []string{"IOLAUS_STAGE_WEIGHT=NaN"}, want: `stage.weight: want a number, not "NaN" (environment)`,
		},
		{ // a key given dotted and as a section
			name: "twice", file: "kafka.partitions: 1\nkafka: {partitions: 2}", want: "kafka.partitions: is set twice (file FILE)",
		},
		{ // a flag that is no key is the program's mistake, and still one line
			name: "unknown flag", flags: map[string]string{"nope": "1"}, want: "nope: is no known setting (flag)",
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			src := config.Sources{Environ: tc.env, Flags: tc.flags}
			if tc.file != "" {
				src.File = writeFile(t, tc.file)
			}
			cfg := defaults()
			err := config.Load(&cfg, src)
			var e *config.Error
			if !errors.As(err, &e) {
				t.Fatalf("error = %v, want a *config.Error", err)
			}
			if want := strings.ReplaceAll(tc.want, "FILE", src.File); err.Error() != want {
				t.Errorf("error\n got %s\nwant %s", err, want)
			}
		})
	}
}

// A file that is missing or no YAML is one line too, with the path in it.
func TestLoadUnreadableFile(t *testing.T) {
	for name, path := range map[string]string{
		"missing":   filepath.Join(t.TempDir(), "none.yaml"),
		"no YAML":   writeFile(t, "kafka: [\n"),
		"twice":     writeFile(t, "hmac_key: a\nhmac_key: b\n"),
		"no object": writeFile(t, "- a\n"),
	} {
		t.Run(name, func(t *testing.T) {
			cfg := defaults()
			err := config.Load(&cfg, config.Sources{File: path})
			var e *config.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error = %q, want one line that names %s", err, path)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	cfg := defaults()
	keys := config.Keys(&cfg)
	var got []string
	for _, k := range keys {
		got = append(got, k.Name+" "+k.Env+" "+k.Type+" "+k.Default+" "+k.Desc)
	}
	want := []string{
		"kafka.brokers IOLAUS_KAFKA_BROKERS list localhost:9092 addresses to start from",
		"kafka.partitions IOLAUS_KAFKA_PARTITIONS number 4 ",
		"stage.max_future IOLAUS_STAGE_MAX_FUTURE duration 5m ",
		"stage.max_bytes IOLAUS_STAGE_MAX_BYTES number 1048576 ",
		"stage.weight IOLAUS_STAGE_WEIGHT number 0 ",
		"stage.fast IOLAUS_STAGE_FAST true|false false ",
		"decision.loading.default IOLAUS_DECISION_LOADING_DEFAULT text  ",
		"schema_registry.ids IOLAUS_SCHEMA_REGISTRY_IDS map  ",
		"hmac_key IOLAUS_HMAC_KEY text  ",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// FuzzLoad: whatever a file holds, Load neither panics nor returns more than one line.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("kafka: {partitions: 3}"))
	f.Add([]byte("a: &x [*x]"))
	f.Add([]byte("? {a: b}\n: c"))
	f.Fuzz(func(t *testing.T, body []byte) {
		path := filepath.Join(t.TempDir(), "f.yaml")
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := defaults()
		if err := config.Load(&cfg, config.Sources{File: path}); err != nil && strings.Contains(strings.ReplaceAll(err.Error(), path, ""), "\n") {
			t.Errorf("several lines: %q", err)
		}
	})
}
