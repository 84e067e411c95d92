// Package store lists the stores that a server needs. Each engine has a function
// OpenStores, which returns a [Set] of them.
package store

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/auditlog"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/journal"
	"callbook/internal/person"
	"callbook/internal/prompt"
	"callbook/internal/recording"
	"callbook/internal/session"
	"callbook/internal/summary"
	"callbook/internal/suppression"
	"callbook/internal/trash"
	"callbook/internal/trunk"
	"callbook/internal/upload"
	"callbook/internal/usage"
)

// Set is an open database: a store for each subject.
type Set struct {
	Accounts account.Store
	Sessions session.Store
	Contacts addressbook.Store
	Trash    trash.Store
	Uploads  upload.Store
	Files    upload.Files
	Receipts journal.Store
	Events   event.Store
	Summary  summary.Store
	Audit    auditlog.Store
	Usage    usage.Store
	// Campaigns manages campaigns, and Dialing places their calls.
	Campaigns    campaign.Store
	Dialing      dialer.Store
	Suppressions suppression.Store
	Flows        library.Store
	Prompts      prompt.Store
	// Recordings has the sound of calls.
	Recordings recording.Store
	// Trunks are those of the installation, and Dialogs has the calls over them.
	Trunks  trunk.Store
	Dialogs trunk.Dialogs
	// Shares divides the trunks between servers; nil if the engine has only one.
	Shares trunk.Shares
	// Persons finds and erases what is stored about a person.
	Persons person.Store
	// Sizes returns the sizes of the files of a SQLite database, and Pool the use of the
	// connections to a PostgreSQL database. The one that the engine does not have is nil.
	Sizes func() (FileSizes, error)
	Pool  func() PoolUse
	// Ping returns an error when the database does not answer.
	Ping func(context.Context) error
	// Close closes the database. Nobody may use a store of the Set afterwards.
	Close func() error
}

// FileSizes are the sizes of the files of a SQLite database, in bytes. WAL is the
// write-ahead log.
type FileSizes struct{ Database, WAL int64 }

// PoolUse is the use of a server's connections to a PostgreSQL database.
type PoolUse struct {
	Used, Idle, Opening int64 // open connections, and those that are being opened
	Most                int64 // how many there may be
	// Acquired counts how often a connection was taken from the pool since the start,
	// Waits how often that had to wait for one, and Waited how long in all.
	Acquired, Waits int64
	Waited          time.Duration
}
