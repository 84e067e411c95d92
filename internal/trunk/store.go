package trunk

import (
	"context"
	"fmt"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// MaxTrunks bounds the trunks of an installation.
const MaxTrunks = 100

// Row is a trunk as a [Store] keeps it.
type Row struct {
	Name     string
	Settings []byte // JSON, opaque to the store
	// Password is encrypted; nil means none.
	Password         []byte
	Created, Updated time.Time
}

// The faults of [Store].
var (
	// ErrNotThere is the fault of an unknown name.
	ErrNotThere = fault.New(fault.NotFound, `there is no trunk with this name; "callbook trunk list" shows all`)
	// ErrNameTaken is the fault of a name that another trunk has.
	ErrNameTaken = fault.New(fault.Duplicate, `there is a trunk with this name already; change it with "callbook trunk set", or take another name`)
	// ErrTooMany is the fault of a new trunk beyond [MaxTrunks].
	ErrTooMany = fault.New(fault.Invalid, fmt.Sprintf(`an installation has at most %d trunks; remove one with "callbook trunk remove"`, MaxTrunks))
)

// Store is what [Trunks] needs of a database. Its methods are safe for concurrent use.
type Store interface {
	// InsertTrunk adds a trunk. The error is [ErrNameTaken] or [ErrTooMany].
	InsertTrunk(ctx context.Context, r *Row) error

	// ChangeTrunk calls change with the trunk of this name and stores what change made of
	// it, except for Name and Created, in one transaction. An error of change is returned
	// and nothing is stored. Change may be called more than once. If there is no trunk,
	// the error is [ErrNotThere].
	ChangeTrunk(ctx context.Context, name string, change func(*Row) error) error

	// DeleteTrunk deletes a trunk. The error is [ErrNotThere] if there is none.
	DeleteTrunk(ctx context.Context, name string) error

	// Trunks returns all trunks by name.
	Trunks(ctx context.Context) ([]Row, error)
}

// Dialogs stores the records by which a carrier ends calls after a restart. A record is
// opaque to the store and has a few kilobytes. Records are deleted with the calls of
// their campaign. The methods are safe for concurrent use.
type Dialogs interface {
	// AddDialogs stores the same record for each of these calls that has none, and returns
	// these. When it returns, the record is durable.
	AddDialogs(ctx context.Context, calls []addressbook.SID, record []byte) (added []addressbook.SID, err error)
	// SaveDialog stores the record of a call, and replaces an earlier one. When it
	// returns, the record is durable.
	SaveDialog(ctx context.Context, call addressbook.SID, record []byte) error

	// Dialogs returns the records of these calls. Calls without a record are missing.
	Dialogs(ctx context.Context, calls []addressbook.SID) (map[addressbook.SID][]byte, error)

	// TestDialogs returns the calls with a record whose sids are those of test calls; see
	// [TestCall]. It returns 100 at most.
	TestDialogs(ctx context.Context) ([]addressbook.SID, error)

	// DropDialogs deletes the records of these calls. Calls may have none.
	DropDialogs(ctx context.Context, calls []addressbook.SID) error

	// DropOldDialogs deletes up to limit records of calls whose sids are from before a time
	// and that have ended or never left. Those of test calls stay. It reports whether there
	// may be more.
	DropOldDialogs(ctx context.Context, before time.Time, limit int) (more bool, err error)
}
