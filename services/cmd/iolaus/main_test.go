package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/iolaus-io/iolaus/pkg/config"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"iolaus": main})
}

// Each file of testdata/script drives the real command line: exit codes and messages.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"oneline": oneLineStderr,
		},
	})
}

// exits N COMMAND…: the command ends with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%s: exit %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// oneline: the last command wrote exactly one line to standard error.
func oneLineStderr(ts *testscript.TestScript, _ bool, _ []string) {
	text := ts.ReadFile("stderr")
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		ts.Fatalf("not one line: %q", text)
	}
}

// Every setting is described, and every package's section is reachable by a variable.
func TestSettingsDescribed(t *testing.T) {
	s := defaultSettings()
	names := map[string]bool{}
	for _, k := range config.Keys(&s) {
		names[k.Env] = true
		if k.Desc == "" {
			t.Errorf("%s has no desc tag", k.Name)
		}
	}
	for _, fixed := range []string{"IOLAUS_KAFKA_BROKERS", "IOLAUS_REDIS_URL", "IOLAUS_CLICKHOUSE_DSN"} { // by the contract
		if !names[fixed] {
			t.Errorf("%s is no setting", fixed)
		}
	}
}

// The defaults pass their own checks, but for what has no default: addresses and secrets.
func TestDefaultsValid(t *testing.T) {
	s := defaultSettings()
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		c, ok := v.Field(i).Interface().(interface{ Validate() error })
		if !ok {
			continue
		}
		if err := c.Validate(); err != nil && !strings.Contains(err.Error(), "is not set") && !strings.Contains(err.Error(), "missing") {
			t.Errorf("%s: %v", v.Type().Field(i).Name, err)
		}
	}
}

// Every command explains itself: a short line, and an example.
func TestHelpComplete(t *testing.T) {
	var started bool
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "help" || strings.HasPrefix(c.CommandPath(), "iolaus completion") {
			return
		}
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s lacks a short line or an example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCmd(&started))
	if started {
		t.Error("building the commands runs one")
	}
}
