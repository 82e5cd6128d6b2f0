// Package eval judges the detector on worlds whose truth is known: it makes or reads worlds, runs each
// through replay, and says per campaign, effort, honest class and trap what was caught, what it cost
// and who was wronged. Baselines and ablations are judged by the same functions.
//
// Truth comes from the labels' notes (truth.go). It never reaches the detector.
package eval
