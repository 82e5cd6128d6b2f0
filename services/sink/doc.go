// Package sink writes what the pipeline found to ClickHouse: decisions, scores,
// memberships, activity, links, labels and rejected records, each exactly once as far
// as a query can tell.
//
//	decisions, cluster-scores, iolaus-members, …   (routes.go)
//	        │ group iolaus-sink, read committed
//	     poll loop ──► one lane a partition ──► rows of one table
//	                     1 plan   the batch's extent [from, to) goes into the commit's metadata
//	                     2 insert with the extent as deduplication token, again and again until it is in
//	                       (labels that are rejected go to labels.dlq, acknowledged)
//	                     3 commit offset to
//
// What each step guarantees:
//
//  1. A batch is cut by time as well as by size, so that its end is an accident. It is
//     written down before the insert: whoever owns the partition after a crash makes the
//     same batch, sends the same rows and gives the same token.
//  2. ClickHouse drops a batch whose token it knows. Where it has forgotten (or the
//     insert reached some months of a batch and not others), the tables merge rows of equal
//     identity, and every name of the contract is a view that reads them merged.
//  3. Offsets are committed behind the rows, so nothing is skipped. A commit from an owner
//     that has lost the partition is refused by the group's generation.
//
// ClickHouse or Kafka being down is busy: a lane sends its batch again, its partition is
// paused, /readyz says so. A record that cannot be read is counted, logged and passed over.
package sink
