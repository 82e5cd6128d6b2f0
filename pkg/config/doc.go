// Package config fills a composed configuration struct from, in rising order of
// precedence: the struct's own defaults, a YAML file, IOLAUS_* environment variables
// and command-line flags.
//
// A field is a key when it carries a `koanf` tag; nested structs give sections, so
// that Config.Kafka.Brokers tagged "kafka" and "brokers" is the key "kafka.brokers"
// and the variable IOLAUS_KAFKA_BROKERS. A `desc` tag describes the key in help.
// An unknown key or variable is an error that names it: a misspelt setting
// is never silently ignored.
package config
