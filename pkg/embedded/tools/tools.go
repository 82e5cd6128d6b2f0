// Package tools finds what scripts/setup.sh fetched: the native parts of the embedded backends.
package tools

import (
	"fmt"
	"os"
	"path/filepath"
)

// Dir is the folder's name beside bin/ or at the root of a checkout.
const Dir = ".tools"

// EnvDir names the environment variable that overrides the search.
const EnvDir = "IOLAUS_TOOLS"

// Find returns the path of rel (such as "lib/libchdb.so") in the tools folder. Order:
// $IOLAUS_TOOLS alone when it is set; else .tools beside the program's parent folder
// (bin/../.tools); else .tools in the working directory or one of its parents.
func Find(rel string) (string, error) {
	tried := candidates()
	for _, dir := range tried {
		path := filepath.Join(dir, rel)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not in %v: run `make setup` (scripts/setup.sh), or set %s", rel, tried, EnvDir)
}

// FindDir is Find for a folder.
func FindDir(rel string) (string, error) {
	tried := candidates()
	for _, dir := range tried {
		path := filepath.Join(dir, rel)
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not in %v: run its set-up script, or set %s", rel, tried, EnvDir)
}

func candidates() []string {
	if dir := os.Getenv(EnvDir); dir != "" {
		return []string{dir}
	}
	var dirs []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		dirs = append(dirs, filepath.Join(filepath.Dir(filepath.Dir(exe)), Dir))
	}
	wd, err := os.Getwd()
	if err != nil {
		return dirs
	}
	for {
		dirs = append(dirs, filepath.Join(wd, Dir))
		parent := filepath.Dir(wd)
		if parent == wd {
			return dirs
		}
		wd = parent
	}
}
