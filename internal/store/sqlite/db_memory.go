package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// LimitMemory bounds what SQLite itself takes in this process, for all files and
// connections together: page caches, mostly. It is a soft limit: near it, a cache
// gives up a page for each one that it reads.
func LimitMemory(bytes int64) error {
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	if err != nil {
		return fmt.Errorf("limit SQLite's memory: %w", err)
	}
	defer conn.Close()
	err = sqlitex.ExecuteTransient(conn, fmt.Sprintf("PRAGMA soft_heap_limit = %d", bytes), nil)
	if err != nil {
		return fmt.Errorf("limit SQLite's memory: %w", err)
	}
	return nil
}
