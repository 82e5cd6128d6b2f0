package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/iolaus-io/iolaus/pkg/embedded/chdb"
)

// cpu is CPU seconds, user and system, by process.
type cpu map[string]float64

// clockTicks is the unit of /proc/PID/stat on Linux, a second.
const clockTicks = 100

// cpuOf reads the CPU time of a process, as name, and of its children, by their program.
func cpuOf(pid int, name string) (cpu, error) {
	used := cpu{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		b, err := os.ReadFile(path) //nolint:gosec // below /proc
		if err != nil {
			continue // it has ended
		}
		id, parent, seconds := parseStat(string(b))
		switch {
		case id == pid:
			used[name] += seconds
		case parent == pid:
			used[childName(id)] += seconds
		}
	}
	if _, ok := used[name]; !ok {
		return nil, fmt.Errorf("process %d has ended", pid)
	}
	return used, nil
}

// parseStat takes apart a line of /proc/PID/stat; the program's name may hold anything.
func parseStat(line string) (pid, parent int, seconds float64) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return 0, 0, 0
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(line[:open]))
	f := strings.Fields(line[end+1:])
	if len(f) < 13 {
		return 0, 0, 0
	}
	parent, _ = strconv.Atoi(f[1])
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return pid, parent, (user + system) / clockTicks
}

func childName(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return "other"
	}
	line := string(b)
	switch {
	case strings.Contains(line, "redis-server"), strings.Contains(line, "valkey-server"):
		return "redis"
	case strings.Contains(line, chdb.ChildCommand):
		return "clickhouse"
	default:
		return "other"
	}
}

// machineCPU is the CPU time that all processes of the machine have used, in seconds.
func machineCPU() float64 {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	var ticks float64
	for i, field := range strings.Fields(line)[1:] {
		const idle, ioWait, steal = 3, 4, 7
		if i == idle || i == ioWait || i >= steal {
			continue
		}
		n, _ := strconv.ParseFloat(field, 64)
		ticks += n
	}
	return ticks / clockTicks
}

// since returns what was used since an earlier reading, and the sum.
func (c cpu) since(before cpu) (cpu, float64) {
	diff, sum := cpu{}, 0.0
	for name, s := range c {
		diff[name] = s - before[name]
		sum += diff[name]
	}
	return diff, sum
}

// ownCPU is the CPU time of this process, in seconds.
func ownCPU() float64 { return rusage(syscall.RUSAGE_SELF) }

func rusage(who int) float64 {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
}
