package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// first measures how long a newcomer waits: from a clean copy of the repository, with
// nothing compiled, to the first suspension on the screen. Downloads are set aside: Go's
// module cache and the tools folder are those of this machine.
type first struct{ bench *bench }

func newFirstCmd(b *bench) *cobra.Command {
	f := first{bench: b}
	return &cobra.Command{
		Use: "first-suspension", Short: "Clean clone to the first suspension on the screen, downloads aside",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) },
	}
}

func (f *first) run(ctx context.Context) error {
	dir, done, err := f.bench.folder()
	if err != nil {
		return err
	}
	defer done()
	tree := filepath.Join(dir, "iolaus")
	if err := copyTree(ctx, tree); err != nil {
		return err
	}
	tools, err := filepath.Abs(".tools")
	if err != nil {
		return err
	}
	env := append(os.Environ(), "GOCACHE="+filepath.Join(dir, "gocache"), "IOLAUS_TOOLS="+tools)
	start := time.Now()
	build := exec.CommandContext(ctx, "make", "-C", tree, "setup", "build")
	build.Env, build.Stderr = env, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("make setup build: %w", err)
	}
	built := time.Since(start)
	note("built in %s", built.Round(time.Second))
	if err := untilSuspension(ctx, tree, env); err != nil {
		return err
	}
	all := time.Since(start)
	row("clean clone to the first suspension on the screen, nothing compiled before",
		fmt.Sprintf("%.0f s (build %.0f s with %.0f s CPU, run %.0f s)", all.Seconds(), built.Seconds(),
			(build.ProcessState.UserTime()+build.ProcessState.SystemTime()).Seconds(), (all-built).Seconds()), "≤ 90 s")
	return nil
}

// copyTree copies what a clone would have: all files that are not ignored.
func copyTree(ctx context.Context, to string) error {
	if err := os.MkdirAll(to, 0o750); err != nil {
		return fmt.Errorf("making the copy: %w", err)
	}
	cmd := exec.CommandContext(ctx, "bash", "-c", //nolint:gosec // the path is an argument
		`set -o pipefail; git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -c | tar -x -C "$1"`, "copy", to)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("copying the repository: %w", err)
	}
	return nil
}

// untilSuspension runs the demo until its summary shows a suspension.
func untilSuspension(ctx context.Context, tree string, env []string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(tree, "scripts", "demo.sh")) //nolint:gosec // of the copy
	cmd.Env, cmd.Stderr = env, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting the demo: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the demo: %w", err)
	}
	seen := false
	for s := bufio.NewScanner(out); s.Scan(); {
		if strings.Contains(s.Text(), "first suspension on the screen") {
			seen = true
			break
		}
		note("%s", s.Text())
	}
	if !seen {
		return errors.Join(errors.New("the demo ended without a suspension"), cmd.Wait())
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	go func() { _ = cmd.Wait() }()
	return nil
}
