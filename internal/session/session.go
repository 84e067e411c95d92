// Package session knows which browsers may use the dashboard, and as which
// account: one-time links that sign a person in, and the sessions that follow.
//
// [Keeper] holds the rules and is the one door; [Store] is what it needs of a
// database.
package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"callbook/internal/account"
)

const (
	// LinkLifetime is how long a link may be used, once.
	LinkLifetime = 10 * time.Minute
	// Lifetime is how long a session lasts after it was last used.
	Lifetime = 30 * 24 * time.Hour
	// MaxPerKey is how many sessions of an API key there may be at once, and
	// MaxByLink how many of an account that were begun by links. One more ends
	// the one that was used longest ago.
	MaxPerKey = 20
	MaxByLink = 100
	// MaxAgentLength is how many bytes of a browser's name are kept.
	MaxAgentLength = 255
)

// Hash is the SHA-256 of a secret: of a link's token or a session's cookie.
// These are 32 random bytes, so there is nothing to guess and no slow hash is
// needed.
type Hash [sha256.Size]byte

// String is the hash in hex. It names a session to its owner and gives nothing
// away.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Link signs a person in to an account, once.
type Link struct {
	Hash    Hash
	Expires time.Time
}

// Session is a browser that is signed in to an account.
type Session struct {
	Hash Hash
	// Key is the API key that it was begun with; "" is a link.
	Key string
	// Agent is what the browser said that it is. Nothing vouches for it.
	Agent             string
	Created, LastUsed time.Time
}

// Store is what [Keeper] needs of a database. All of it is safe for concurrent
// use, by several processes too.
//
// A session that was begun with a key lasts no longer than the key: when that
// is revoked, or expires at now or before, the session is not there any more.
type Store interface {
	// AddLink adds a link into the account with this id.
	AddLink(ctx context.Context, account int64, l Link) error
	// Link returns the account that a link leads into. A link that is not
	// there, or expires at now or before, is a NotFound fault.
	Link(ctx context.Context, hash Hash, now time.Time) (account.Account, error)
	// TakeLink takes a link away and adds the session to its account as
	// AddSession does, both or neither. A link that is not there, or expires when
	// the session is created or before, is a NotFound fault.
	TakeLink(ctx context.Context, hash Hash, s Session, most int) (account.Account, error)

	// AddSession adds a session to the account with this id. In the same
	// transaction it takes away the account's sessions of the same key, or those
	// that were begun by links when it has none, that were used longest ago and
	// are more than most; never the new one.
	AddSession(ctx context.Context, account int64, s Session, most int) error
	// Session returns a session and its account, or a NotFound fault.
	Session(ctx context.Context, hash Hash, now time.Time) (Session, account.Account, error)
	// Sessions returns the sessions of the account with this id, the one used
	// last first.
	Sessions(ctx context.Context, account int64, now time.Time) ([]Session, error)
	// SessionUsed notes when a session was last used, which never moves back.
	// A session that is not there is left so.
	SessionUsed(ctx context.Context, hash Hash, at time.Time) error
	// EndSession takes a session of the account with this id away; one that is
	// not there, or another account's, is a NotFound fault.
	EndSession(ctx context.Context, account int64, hash Hash) error

	// Forget takes away the links that expired before this time, and the
	// sessions that were not used since the other.
	Forget(ctx context.Context, linksExpired, sessionsUnused time.Time) error
}
