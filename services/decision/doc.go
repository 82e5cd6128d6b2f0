// Package decision answers what an account may do, from memory.
//
//	decisions ──────┐
//	cluster-scores ─┼─► Consume ─► View ─► HTTP  /v1/…  (huma, OpenAPI)
//	iolaus-members ─┘                  └─► gRPC  iolaus.decision.v1
//
// Every instance reads its topics from the beginning, in no group, and holds all of them:
// an answer needs no other call. The topics are compacted, so a start reads one record per
// account and cluster. Only committed records are read.
package decision
