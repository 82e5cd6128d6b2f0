// Package e2e holds the tests that drive the built binary: whole runs of `iolaus up` and of
// the services as processes, on real engines, judged from outside through Kafka, HTTP and SQL.
// IOLAUS_LONG=1 runs the long form; IOLAUS_TEST_KAFKA=real runs the services on Apache Kafka.
package e2e
