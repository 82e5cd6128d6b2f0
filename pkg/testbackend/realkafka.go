package testbackend

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/iolaus-io/iolaus/pkg/embedded/child"
	"github.com/iolaus-io/iolaus/pkg/embedded/tools"
)

// RealKafkaBroker is one Apache Kafka broker (KRaft, broker and controller in one JVM).
type RealKafkaBroker struct {
	addr string
	proc *child.Process
}

// jvmFlags as measured best for a small broker: serial collector, first compiler tier, 256 MiB.
var jvmFlags = []string{"-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}

// RealKafka starts Apache Kafka 4.4 as scripts/setup-real.sh fetched it. Start takes 1 to 2 s and
// about 2 s of CPU.
func RealKafka(t testing.TB) *RealKafkaBroker {
	t.Helper()
	const setup = "make setup-real"
	home, err := tools.FindDir("kafka")
	require(t, "Apache Kafka", setup, err)
	java, err := exec.LookPath("java")
	require(t, "Apache Kafka (a Java runtime)", setup, err)

	dir := t.TempDir()
	ports := freePorts(t, 2)
	b := &RealKafkaBroker{addr: hostPort(ports[0])}
	props := filepath.Join(dir, "server.properties")
	err = os.WriteFile(props, []byte(kafkaProperties(dir, ports[0], ports[1])), 0o600)
	require(t, "Apache Kafka", setup, err)

	args := jvmArgs(home)
	format := exec.Command(java, append(args, "kafka.tools.StorageTool", "format", "--standalone",
		"-t", "aW9sYXVzLXRlc3QtY2x1cw", "-c", props)...)
	if out, err := format.CombinedOutput(); err != nil {
		t.Fatalf("formatting Kafka's storage: %v\n%s", err, out)
	}
	b.proc, err = child.Start(context.Background(), child.Spec{
		Name:         "Apache Kafka",
		LogFile:      filepath.Join(dir, "kafka.out"),
		Log:          log(t),
		StartTimeout: time.Minute,
		Ready:        b.ready,
		Command: func() (*exec.Cmd, error) {
			cmd := exec.Command(java, append(args, "kafka.Kafka", props)...)
			cmd.Dir = dir
			return cmd, nil
		},
	})
	if err != nil {
		out, _ := os.ReadFile(filepath.Join(dir, "kafka.out"))
		t.Fatalf("%v\n%s\nRun `%s` first.", err, out, setup)
	}
	t.Cleanup(func() { closed(t, b.proc.Close()) })
	return b
}

// jvmArgs uses the class archive where the set-up script made one; it must have been made with the
// same jars in the same folder, otherwise the JVM ignores it.
func jvmArgs(home string) []string {
	args := append([]string(nil), jvmFlags...)
	if archive := filepath.Join(home, "kafka.jsa"); exists(archive) {
		args = append(args, "-XX:SharedArchiveFile="+archive, "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
	}
	args = append(args, "-Dlog4j2.configurationFile="+filepath.Join(home, "log4j2.properties"))
	return append(args, "-cp", filepath.Join(home, "libs", "*"))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// kafkaProperties: one partition copy, quick rebalances, and a short broker session, since after a
// kill -9 the broker registers again only when its old session has ended.
func kafkaProperties(dir string, port, controller int) string {
	return strings.Join([]string{
		"process.roles=broker,controller", "node.id=1",
		fmt.Sprintf("listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", port, controller),
		fmt.Sprintf("advertised.listeners=PLAINTEXT://127.0.0.1:%d", port),
		"controller.listener.names=CONTROLLER",
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		fmt.Sprintf("controller.quorum.bootstrap.servers=127.0.0.1:%d", controller),
		"log.dirs=" + filepath.Join(dir, "log"),
		"num.partitions=4", "default.replication.factor=1", "min.insync.replicas=1",
		"offsets.topic.replication.factor=1", "offsets.topic.num.partitions=4",
		"transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1",
		"transaction.state.log.num.partitions=4", "share.coordinator.state.topic.replication.factor=1",
		"share.coordinator.state.topic.min.isr=1",
		"auto.create.topics.enable=false",
		"group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000",
		"group.consumer.min.heartbeat.interval.ms=500", "group.consumer.heartbeat.interval.ms=500",
		"broker.session.timeout.ms=2000", "broker.heartbeat.interval.ms=300",
		"log.cleaner.dedupe.buffer.size=16777216", "log.cleaner.threads=1",
		"num.network.threads=2", "num.io.threads=2", "",
	}, "\n")
}

// Brokers are the addresses to give to a client. They stay the same over a kill and a restart.
func (b *RealKafkaBroker) Brokers() []string { return []string{b.addr} }

// Kill ends the broker with SIGKILL; it is started again at once on the same data and serves
// after 3 to 5 s.
func (b *RealKafkaBroker) Kill() error { return b.proc.Kill() }

// Signal sends the broker a signal, such as SIGSTOP and SIGCONT for a broker that hangs.
func (b *RealKafkaBroker) Signal(sig syscall.Signal) error {
	pid := b.proc.PID()
	if pid == 0 {
		return fmt.Errorf("signalling Apache Kafka: it is not running")
	}
	return syscall.Kill(pid, sig)
}

// AwaitReady waits until the broker answers, as after Kill.
func (b *RealKafkaBroker) AwaitReady(ctx context.Context) error {
	for {
		err := b.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for Apache Kafka: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ready asks for metadata: the port opens before the broker can serve.
func (b *RealKafkaBroker) ready(ctx context.Context) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", b.addr)
	if err != nil {
		return err
	}
	_ = conn.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.addr))
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return cl.Ping(ctx)
}

func hostPort(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// freePorts picks ports below the range that outgoing connections take theirs from.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var open []net.Listener
	defer func() {
		for _, ln := range open {
			_ = ln.Close()
		}
	}()
	ports := make([]int, 0, n)
	for port := 20000 + os.Getpid()%8000; port < 32000 && len(ports) < n; port++ {
		ln, err := net.Listen("tcp", hostPort(port))
		if err != nil {
			continue
		}
		open = append(open, ln)
		ports = append(ports, port)
	}
	if len(ports) < n {
		t.Fatalf("found only %d of %d free ports", len(ports), n)
	}
	return ports
}
