package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/iolaus-io/iolaus/pkg/deadletter"
	"github.com/iolaus-io/iolaus/pkg/obs"
	"github.com/iolaus-io/iolaus/pkg/seal"
)

// dlqFlags choose dead letters.
type dlqFlags struct {
	topics, reasons []string
	from, to        string
	asJSON          bool
}

func newDLQCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dlq",
		Short: "List rejected records, or feed them back",
		Long: `Records that cannot be decoded lie whole in <topic>.dlq, with the reason in their headers
(sealed, where dlq.seal_key is set).`,
		Example: `  iolaus dlq list --reason missing_field
  iolaus dlq replay --topic requests --reason ts_in_future --dry-run`,
		RunE: needSubcommand,
	}
	cmd.AddCommand(newDLQListCmd(), newDLQReplayCmd())
	return cmd
}

func (f *dlqFlags) bind(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&f.topics, "topic", nil, "input topics (default: "+strings.Join(deadletter.Inputs(), ", ")+")")
	fl.StringSliceVar(&f.reasons, "reason", nil, "reasons, such as bad_json (default: all)")
	fl.StringVar(&f.from, "from", "", "first time of the records, RFC 3339, a date or Unix milliseconds")
	fl.StringVar(&f.to, "to", "", "time of the records to stop before")
	fl.BoolVar(&f.asJSON, "json", false, "print JSON")
	bindSettings(cmd, "kafka.brokers", "dlq", "log")
}

// filter checks the flags.
func (f *dlqFlags) filter() (deadletter.Filter, error) {
	out := deadletter.Filter{Topics: f.topics, Reasons: f.reasons}
	if err := out.Validate(); err != nil {
		return out, usagef("--topic: %w", err)
	}
	var err error
	if f.from != "" {
		if out.From, err = parseTime(f.from); err != nil {
			return out, usagef("--from: %w", err)
		}
	}
	if f.to != "" {
		if out.To, err = parseTime(f.to); err != nil {
			return out, usagef("--to: %w", err)
		}
	}
	return out, nil
}

// dlqCommand is what both commands start with.
type dlqCommand struct {
	settings settings
	filter   deadletter.Filter
	opener   deadletter.Opener // nil without dlq.seal_key
	log      *zap.Logger
}

func (f *dlqFlags) command(cmd *cobra.Command) (c dlqCommand, err error) {
	if c.settings, err = loadSettings(cmd); err != nil {
		return c, err
	}
	for _, err := range []error{c.settings.Kafka.Validate(), c.settings.DLQ.Validate()} {
		if err != nil {
			return c, invalid(err)
		}
	}
	if c.filter, err = f.filter(); err != nil {
		return c, err
	}
	if c.settings.DLQ.Enabled() {
		if c.opener, err = seal.New(c.settings.DLQ); err != nil {
			return c, err
		}
	}
	c.log, err = obs.NewLogger(c.settings.Log)
	return c, err
}

func newDLQListCmd() *cobra.Command {
	var f dlqFlags
	var values bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List rejected records with their reasons",
		Long: `List the records in the dead-letter topics, with the reason of each and a count by reason.
Values are not shown, since they may hold personal data, unless --values asks for them.`,
		Example: `  iolaus dlq list --topic signups --from 2026-04-22
  iolaus dlq list --json --values --reason impossible_value`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.command(cmd)
			if err != nil {
				return err
			}
			out := newDLQPrinter(cmd.OutOrStdout(), f.asJSON, values, c.opener)
			opts := c.settings.Kafka.Options("iolaus-dlq-list", c.log)
			strange := func(err error) { fmt.Fprintf(cmd.ErrOrStderr(), "no dead letter: %v\n", err) }
			err = deadletter.Read(cmd.Context(), opts, c.filter, out.letter, strange)
			return errors.Join(err, out.end())
		},
	}
	f.bind(cmd)
	cmd.Flags().BoolVar(&values, "values", false, "show the records' values, opened with dlq.seal_key")
	return cmd
}

func newDLQReplayCmd() *cobra.Command {
	var f dlqFlags
	var cfg deadletter.ReplayConfig
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Feed rejected records back to the topic they came from",
		Long: `Feed rejected records back, whole, to the topic and partition they came from: after a fix of
what rejected them. What has been fed back is noted and is not fed back by a second replay,
unless --again. A record that was fed back --max-replays times and rejected each time is left
alone, so that a replay cannot go round for ever.`,
		Example: `  iolaus dlq replay --topic requests --reason unknown_schema_id --dry-run
  iolaus dlq replay --topic requests --reason unknown_schema_id`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.command(cmd)
			if err != nil {
				return err
			}
			if cfg.MaxReplays < 1 {
				return usagef("--max-replays: is %d, must be at least 1", cfg.MaxReplays)
			}
			cfg.Filter, cfg.Opener = c.filter, c.opener
			result, err := deadletter.Replay(cmd.Context(), c.settings.Kafka.Options("iolaus-dlq-replay", c.log), cfg)
			return errors.Join(err, printReplay(cmd.OutOrStdout(), result, cfg.DryRun, f.asJSON))
		},
	}
	f.bind(cmd)
	cmd.Flags().IntVar(&cfg.MaxReplays, "max-replays", 1, "how often one record may be fed back in all")
	cmd.Flags().BoolVar(&cfg.Again, "again", false, "also what an earlier replay has fed back")
	cmd.Flags().BoolVar(&cfg.DryRun, "dry-run", false, "only say what would be fed back")
	return cmd
}

func printReplay(w io.Writer, r deadletter.Result, dryRun, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	verb := "fed back"
	if dryRun {
		verb = "would be fed back"
	}
	fmt.Fprintf(w, "%d %s\n", r.Replayed, verb)
	for _, left := range []struct {
		n   int
		why string
	}{
		{r.Done, "fed back by an earlier replay (--again feeds them once more)"},
		{r.Spent, "left alone: rejected again after --max-replays"},
		{r.Unopened, "left alone: sealed with a key that is not dlq.seal_key"},
		{r.Strange, "left alone: no dead letters of Iolaus"},
	} {
		if left.n > 0 {
			fmt.Fprintf(w, "%d %s\n", left.n, left.why)
		}
	}
	return nil
}

// dlqLine is a letter as --json prints it.
type dlqLine struct {
	Topic        string    `json:"topic"`
	Partition    int32     `json:"partition"`
	Offset       int64     `json:"offset"`
	Time         time.Time `json:"time"`
	Reason       string    `json:"reason"`
	Field        string    `json:"field,omitempty"`
	Detail       string    `json:"detail"`
	Key          string    `json:"key"`
	Bytes        int       `json:"bytes"`
	Sealed       bool      `json:"sealed"`
	Replays      int       `json:"replays"`
	DLQPartition int32     `json:"dlq_partition"`
	DLQOffset    int64     `json:"dlq_offset"`
	Value        []byte    `json:"value,omitempty"` // base64
}

// dlqPrinter prints letters as a table with counts, or as one JSON object a line.
type dlqPrinter struct {
	out    io.Writer
	table  *tabwriter.Writer // nil for JSON
	values bool
	opener deadletter.Opener
	counts map[string]int
}

func newDLQPrinter(out io.Writer, asJSON, values bool, opener deadletter.Opener) *dlqPrinter {
	p := &dlqPrinter{out: out, values: values, opener: opener, counts: map[string]int{}}
	if !asJSON {
		p.table = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	}
	return p
}

func (p *dlqPrinter) letter(l *deadletter.Letter) error {
	p.counts[l.Reason]++
	line := dlqLine{Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, Time: l.Time.UTC(), Reason: l.Reason, Field: l.Field,
		Detail: l.Detail, Key: string(l.Key), Bytes: len(l.Value), Sealed: l.Sealed, Replays: l.Replays,
		DLQPartition: l.DLQPartition, DLQOffset: l.DLQOffset}
	if p.values {
		value, err := l.Plain(p.opener)
		if err != nil {
			return fmt.Errorf("%s/%d at %d: %w", l.Topic, l.Partition, l.Offset, err)
		}
		line.Value, line.Bytes = value, len(value)
	}
	if p.table == nil {
		return json.NewEncoder(p.out).Encode(line)
	}
	if len(p.counts) == 1 && p.counts[l.Reason] == 1 {
		fmt.Fprintln(p.table, "TIME\tTOPIC\tPARTITION\tOFFSET\tKEY\tREASON\tFIELD\tDETAIL\tREPLAYS")
	}
	// Keys and fields are a producer's: quoted, so that they cannot steer the terminal.
	fmt.Fprintf(p.table, "%s\t%s\t%d\t%d\t%q\t%s\t%s\t%s\t%d\n", line.Time.Format("2006-01-02 15:04:05.000"), line.Topic,
		line.Partition, line.Offset, line.Key, line.Reason, line.Field, line.Detail, line.Replays)
	if p.values {
		fmt.Fprintf(p.table, "  %q\n", line.Value)
	}
	return nil
}

// end prints the counts.
func (p *dlqPrinter) end() error {
	if p.table == nil {
		return nil
	}
	if err := p.table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	total := 0
	for _, reason := range slices.Sorted(maps.Keys(p.counts)) {
		fmt.Fprintf(p.out, "%7d  %s\n", p.counts[reason], reason)
		total += p.counts[reason]
	}
	_, err := fmt.Fprintf(p.out, "%7d  in all\n", total)
	return err
}
