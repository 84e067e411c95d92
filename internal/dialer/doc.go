// Package dialer places the calls of campaigns. It reads their targets, claims those that
// are due at the campaign's pace, asks whether they may be called now, writes each call
// down before it leaves, and decides what follows from its outcome.
//
// One server at a time has the lease of an account's dialing. On it, three goroutines
// share the work. One claims calls and places them at their times (place.go). One records
// what the carrier reports (record.go). One does what is not urgent (chores.go): it reads
// targets, starts, ends and closes campaigns, and asks the carrier about calls that have
// been silent for long (resolve.go).
//
// A call is written down before it leaves, and a call that may have left is never placed
// again. After a crash, the carrier is asked what became of it; if the carrier does not
// know, the call has failed.
package dialer
