package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// LimitMemory bounds the memory that SQLite takes in this process, mostly for page
// caches. It is a soft limit: close to it, a cache evicts a page for each one that it
// reads.
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
