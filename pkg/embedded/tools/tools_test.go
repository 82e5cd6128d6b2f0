package tools_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iolaus-io/iolaus/pkg/embedded/tools"
)

// The environment variable wins and is final; without it, the working directory's parents serve.
func TestFind(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	inParent := filepath.Join(root, tools.Dir, "bin", "x")
	inEnv := filepath.Join(root, "elsewhere", "bin", "x")
	for _, f := range []string{inParent, inEnv} {
		if err := os.MkdirAll(filepath.Dir(f), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	t.Setenv(tools.EnvDir, "")
	if got, err := tools.Find("bin/x"); err != nil || got != inParent {
		t.Errorf("got %q, %v", got, err)
	}
	t.Setenv(tools.EnvDir, filepath.Join(root, "elsewhere"))
	if got, err := tools.Find("bin/x"); err != nil || got != inEnv {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := tools.Find("bin/y"); err == nil || !strings.Contains(err.Error(), "make setup") {
		t.Errorf("got %v", err)
	}
}
