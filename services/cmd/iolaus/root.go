package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/iolaus-io/iolaus/pkg/config"
)

// Exit codes of the contract.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

const rootLong = `Iolaus reads account signups, API requests and payments from Kafka, finds clusters
of accounts that act as one, and decides per account: allow, observe, verify, throttle or
suspend, each with its reasons and evidence.

Settings come from a YAML file (--config), then from the environment, then from flags: the
key kafka.brokers is the variable IOLAUS_KAFKA_BROKERS and the flag --kafka.brokers. A
setting that does not exist is an error.

Exit codes: 0 done, 1 failed, 2 bad usage or bad configuration.`

const rootExample = `  # watch the campaigns of a scenario being found, all on this machine
  iolaus up --scenario press

  # one service against a real Kafka and Redis
  IOLAUS_KAFKA_BROKERS=kafka:9092 IOLAUS_REDIS_URL=redis://redis:6379 iolaus run request

  # shell completion, for this shell only
  source <(iolaus completion bash)`

// usageError is a mistake of whoever typed the command or wrote the configuration.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usagef makes an error that exits with 2.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// invalid marks what a Validate method returned as a mistake in the configuration; nil stays nil.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// newRootCmd wires every command. started is set once a command's own code runs: until
// then any error is one of usage.
func newRootCmd(started *bool) *cobra.Command {
	root := &cobra.Command{
		Use: "iolaus", Short: "Find coordinated account clusters and decide what each account may do",
		Long: rootLong, Example: rootExample,
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().String("config", "", "YAML file of settings")
	addGroup(root, "run", "Run it:", newUpCmd(), newRunCmd())
	addGroup(root, "history", "Make and judge history:", newSimulateCmd(), newReplayCmd(), newEvalCmd())
	addGroup(root, "operate", "Operate:", newMigrateCmd(), newDLQCmd())
	root.AddCommand(newVersionCmd(), newChdbCmd())
	root.InitDefaultCompletionCmd()
	markStart(root, started)
	return root
}

// addGroup shows commands under a heading of the help.
func addGroup(root *cobra.Command, id, title string, cmds ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, c := range cmds {
		c.GroupID = id
		root.AddCommand(c)
	}
}

func markStart(cmd *cobra.Command, started *bool) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			*started = true
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		markStart(sub, started)
	}
}

// execute runs a command line and returns the exit code. An interrupt or SIGTERM ends the
// command's context; a second one ends the process at once.
func execute(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	started := false
	root := newRootCmd(&started)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	hint := ""
	if !started {
		hint = fmt.Sprintf(" (see %s --help)", cmd.CommandPath())
	}
	fmt.Fprintf(stderr, "%s: %s%s\n", cmd.CommandPath(), oneLine(err), hint)
	return exitCode(err, started)
}

func exitCode(err error, started bool) int {
	var usage usageError
	var setting *config.Error
	if !started || errors.As(err, &usage) || errors.As(err, &setting) {
		return exitUsage
	}
	return exitFailed
}

// oneLine joins what some libraries spread over several lines.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// needSubcommand is the RunE of a command that only holds others.
func needSubcommand(cmd *cobra.Command, args []string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	list := strings.Join(names, ", ")
	if len(args) > 0 {
		return usagef("%q is none of %s", args[0], list)
	}
	return usagef("want one of %s", list)
}
