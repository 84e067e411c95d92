// Package session controls which browsers may use the dashboard, and for which
// account: by one-time links that sign a person in, and by sessions.
//
// [Keeper] enforces the rules. [Store] is what it needs of a database.
package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
)

const (
	// LinkLifetime is how long an unused link is valid.
	LinkLifetime = 10 * time.Minute
	// Lifetime is how long a session lasts after its last use.
	Lifetime = 30 * 24 * time.Hour
	// MaxPerKey bounds the sessions of an API key, and MaxByLink the sessions of
	// an account that were begun by links. One more ends the least recently used.
	MaxPerKey = 20
	MaxByLink = 100
	// MaxAgentLength is how many bytes of a browser's User-Agent are stored.
	MaxAgentLength = 255
)

// Hash is the SHA-256 of a secret: a link's token or a session's cookie. Secrets
// are 32 random bytes, which cannot be guessed, so no slow hash is needed.
type Hash [sha256.Size]byte

// String returns the hash in hex. It identifies a session to its owner without
// revealing the secret.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Link signs a person in to an account, once.
type Link struct {
	Hash    Hash
	Expires time.Time
}

// Session is a browser that is signed in to an account.
type Session struct {
	Hash Hash
	// Key is the API key that began the session; "" means a link began it.
	Key string
	Client
	Created, LastUsed time.Time
}

// Client describes the browser of a session.
type Client struct {
	// Agent is the browser's User-Agent. It is not verified.
	Agent string
	// Address is the network address of the session's last use, or "" if it is unknown.
	Address string
}

// Server is a server that runs on the database and has a dashboard.
type Server struct {
	ID      string // a random id for one run
	URL     string // URL for browsers, without a slash at its end
	Started time.Time
}

// ErrNoSession is the fault of a link or session that does not exist or has ended. Stores
// return it.
var ErrNoSession = fault.New(fault.NotFound, "there is no such link or session")

// Store is what [Keeper] needs of a database. Its methods are safe for concurrent
// use, also by several processes. The account is always the account's own id.
//
// A session that was begun with a key ends with that key: once the key is revoked,
// or now has reached its expiry, the store no longer finds the session.
type Store interface {
	// AddLink adds a link into the account.
	AddLink(ctx context.Context, account account.ID, l Link) error
	// Link returns the account of a link. The error for a link that does not
	// exist, or has expired by now, is [ErrNoSession].
	Link(ctx context.Context, hash Hash, now time.Time) (account.Account, error)
	// TakeLink deletes a link and adds the session to its account as AddSession
	// does, in one transaction. The account's log has the entries of the context's
	// [audit.Note]. The error for a link that does not exist, or has expired when the
	// session is created, is [ErrNoSession].
	TakeLink(ctx context.Context, hash Hash, s Session, most int) (account.Account, error)

	// AddSession adds a session to the account. In the same transaction it
	// deletes the account's least recently used sessions with the same Key until
	// at most most are left. It never deletes the new session.
	AddSession(ctx context.Context, account account.ID, s Session, most int) error
	// Session returns a session and its account, or [ErrNoSession].
	Session(ctx context.Context, hash Hash, now time.Time) (Session, account.Account, error)
	// Sessions returns the account's sessions, the most recently used first.
	Sessions(ctx context.Context, account account.ID, now time.Time) ([]Session, error)
	// SessionUsed stores the time of a session's last use, which never moves
	// back, and the address that it was used from. It ignores a session that does
	// not exist.
	SessionUsed(ctx context.Context, hash Hash, at time.Time, address string) error
	// EndSession deletes a session of the account. The error for a session that
	// does not exist, or is another account's, is [ErrNoSession].
	EndSession(ctx context.Context, account account.ID, hash Hash) error
	// EndOtherSessions deletes all sessions of the account but one, and returns how
	// many it has deleted. It counts them in the context's [audit.Note].
	EndOtherSessions(ctx context.Context, account account.ID, keep Hash) (int, error)

	// AddServer adds a server, and deletes those that started first until at most most
	// are left.
	AddServer(ctx context.Context, s Server, most int) error
	// RemoveServer deletes a server. It ignores one that does not exist.
	RemoveServer(ctx context.Context, id string) error
	// Servers returns the servers, the one that started last first.
	Servers(ctx context.Context) ([]Server, error)

	// Forget deletes the links that expired before linksExpired, and the sessions
	// that were not used since sessionsUnused.
	Forget(ctx context.Context, linksExpired, sessionsUnused time.Time) error
}
