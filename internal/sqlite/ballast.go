package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"
)

// ballast keeps the C allocator of the driver from giving memory back to the
// system in the middle of a bulk insert.
//
// Each time that a page of the table is full, SQLite takes two blocks of a
// little more than a page and frees them at once. The allocator
// (modernc.org/memory) has three such blocks to a mapping, and unmaps it as
// soon as all three are free: a bulk insert maps and unmaps memory hundreds of
// times, a quarter of its time. So the ballast sees to it that two blocks are
// free in mappings where another is not.
type ballast struct {
	stmt *sqlite.Stmt
}

// ballastBlock is of the size class of those blocks.
var ballastBlock = make([]byte, pageBytes+64)

func newBallast(conn *sqlite.Conn) (ballast, error) {
	stmt, err := conn.Prepare("SELECT ?, ?, ?, ?")
	if err != nil {
		return ballast{}, fmt.Errorf("prepare ballast: %w", err)
	}
	return ballast{stmt: stmt}, nil
}

// take holds blocks, as parameters of a statement that is never run. However
// many blocks were free before, the first and the fourth keep the mappings of
// the second and the third, so that these two can be freed without harm.
func (b ballast) take() {
	for param := 1; param <= 4; param++ {
		b.stmt.BindBytes(param, ballastBlock)
	}
	b.stmt.BindNull(2)
	b.stmt.BindNull(3)
}

// drop frees what take held. By the next time, other blocks may be free.
func (b ballast) drop() {
	b.stmt.BindNull(1)
	b.stmt.BindNull(4)
}
