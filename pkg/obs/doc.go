// Package obs is what a service shows of itself: its log, its metrics, whether it is
// ready and, if not, what it waits for, and profiles on a loopback port.
package obs
