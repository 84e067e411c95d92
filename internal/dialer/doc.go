// Package dialer places the calls of campaigns. It reads their targets, claims those
// that are due at the campaign's pace, asks whether they may be called now, writes each
// call down before it leaves, and decides what follows from its outcome.
//
// One server at a time has the lease of an account's dialing. There, three goroutines
// share the work: one claims and places calls at their times (place.go), one writes down
// what the carrier tells (record.go), and one does all that is not urgent (chores.go):
// it reads targets, starts, ends and closes campaigns, and asks the carrier about calls
// of which nothing was heard (resolve.go).
//
// A call is written down before it leaves, and one that may have left is never placed
// again: after a crash it is what the carrier says, or it has failed.
package dialer
