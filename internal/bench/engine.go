package main

import (
	"context"
	"fmt"
	"time"
)

// engine is where databases come from: one for each server, one for each floor.
type engine interface {
	// floorText says what the floor is.
	floorText() string
	// newDatabase makes an empty database; dir is there for its files, if it has
	// any. Remove gives back what it takes once nobody uses it any more.
	newDatabase(ctx context.Context, dir string) (d database, err error)
	// openFloor makes one more, for the floor.
	openFloor(ctx context.Context, dir string) (floor, error)
	// cpu is the processor time that the database's own processes have used; zero
	// where it has none, or where they cannot be looked at.
	cpu() time.Duration
	close() error
}

// database is one that a server can have.
type database interface {
	// name is what callbook's --db is told.
	name() string
	// size is how much disk the contacts take, indexes included, in bytes.
	size(ctx context.Context) (int, error)
	remove() error
}

// floor writes rows with the bare driver, and nothing else. What the server takes
// beyond it is what HTTP, JSON, number matching and uniqueness cost; what it
// takes less is what its way of writing gains.
type floor interface {
	transaction(ctx context.Context, rows []row) error
	close() error
}

const floorAccount = 1

// runFloor writes the rows in transactions of this many, until all are written or
// the time is over, and returns how long each took.
func runFloor(ctx context.Context, f floor, rows []row, each int, limit time.Duration) (load, error) {
	var l load
	for len(rows) > 0 && l.took < limit {
		if err := ctx.Err(); err != nil {
			return load{}, context.Cause(ctx)
		}
		n := min(each, len(rows))
		start := time.Now()
		if err := f.transaction(ctx, rows[:n]); err != nil {
			return load{}, fmt.Errorf("write the floor's rows: %w", err)
		}
		took := time.Since(start)
		l.latencies = append(l.latencies, took)
		l.took += took
		rows = rows[n:]
	}
	return l, nil
}
