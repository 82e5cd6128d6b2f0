package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/iolaus-io/iolaus/pkg/config"
)

// notSettings are variables that the build and the tests read, not the program.
func notSettings() []string {
	return []string{"IOLAUS_TOOLS", "IOLAUS_LONG", "IOLAUS_TEST_KAFKA", "IOLAUS_CLICKHOUSE_CHILD"}
}

// bindSettings gives a command a flag for each key of the sections ("kafka", "log"), or
// for a single key ("run.id").
func bindSettings(cmd *cobra.Command, sections ...string) {
	defaults := defaultSettings()
	for _, key := range config.Keys(&defaults) {
		if !inSections(key.Name, sections) {
			continue
		}
		flag := cmd.Flags().VarPF(&settingFlag{key: key}, key.Name, "", usageOf(key))
		flag.DefValue = key.Default
		if key.Type == "true|false" {
			flag.NoOptDefVal = "true"
		}
	}
}

func usageOf(key config.Key) string {
	return strings.TrimSpace(key.Desc + " [" + key.Env + "]")
}

func inSections(key string, sections []string) bool {
	for _, s := range sections {
		if key == s || strings.HasPrefix(key, s+".") {
			return true
		}
	}
	return false
}

// settingFlag holds what was typed; config.Load reads it as it reads a variable.
type settingFlag struct {
	key   config.Key
	value string
}

func (f *settingFlag) String() string     { return f.value }
func (f *settingFlag) Set(s string) error { f.value = s; return nil }
func (f *settingFlag) Type() string       { return f.key.Type }

// givenFlags lists the settings that were given as flags.
func givenFlags(cmd *cobra.Command) map[string]string {
	given := map[string]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if s, ok := f.Value.(*settingFlag); ok {
			given[s.key.Name] = s.value
		}
	})
	return given
}

// loadSettings reads file, environment and flags over the defaults.
func loadSettings(cmd *cobra.Command) (settings, error) {
	s := defaultSettings()
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return s, err
	}
	src := config.Sources{File: file, Environ: os.Environ(), Ignore: notSettings(), Flags: givenFlags(cmd)}
	if err := config.Load(&s, src); err != nil {
		return s, err
	}
	return s, invalid(s.Log.Validate())
}
