package sqlite

import (
	"context"
	"sync/atomic"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
)

// job is work for the writer.
type job struct {
	ctx     context.Context
	account account.ID
	rows    int // how many rows it writes at most
	work    runner

	state   atomic.Int32 // jobWaiting, then one of the others
	outcome chan error   // gets one value, when the job is durable or has failed
}

// runner is what a job does, within the writer's transaction. Its methods run on
// the writer's goroutine.
type runner interface {
	// run does it, and returns about how many bytes it wrote.
	run(conn *sqlite.Conn) (bytes int, err error)
	// undo takes back what run did in memory, when its rows were rolled back.
	undo()
	// redo does again what run did and undo took back. Nothing else happened in
	// between, so what was decided then still holds, and so do the bytes that run
	// claimed of the request's share: redo claims none, and gives none back.
	redo(conn *sqlite.Conn) (bytes int, err error)
}

const (
	jobWaiting = iota
	jobTaken
	jobGivenUp
)

// giveUp ends a job that has not begun; false means that it has.
func (j *job) giveUp() bool { return j.state.CompareAndSwap(jobWaiting, jobGivenUp) }

// take begins a job; false means that it was given up, or is now because its
// context has ended.
func (j *job) take() bool {
	if !j.state.CompareAndSwap(jobWaiting, jobTaken) {
		return false
	}
	if j.ctx.Err() != nil {
		j.outcome <- context.Cause(j.ctx)
		return false
	}
	return true
}
