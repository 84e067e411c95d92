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
	outcome chan error   // receives one value when the job is committed or has failed
}

// runner is the work of a job. The writer's goroutine calls its methods within a
// transaction.
type runner interface {
	// run does the work, and returns about how many bytes it wrote.
	run(conn *sqlite.Conn) (bytes int, err error)
	// undo reverts what run changed in memory, after its rows were rolled back.
	undo()
	// redo repeats a run that was undone. Nothing else has happened in between, so it
	// keeps the decisions of run, and the bytes that run claimed from the request's
	// share. It must not claim or return any.
	redo(conn *sqlite.Conn) (bytes int, err error)
}

const (
	jobWaiting = iota
	jobTaken
	jobGivenUp
)

// giveUp cancels a job. It returns false if the job has begun.
func (j *job) giveUp() bool { return j.state.CompareAndSwap(jobWaiting, jobGivenUp) }

// take marks a job as begun. It returns false if the job was cancelled, or if its context
// has ended.
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
