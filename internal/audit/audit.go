// Package audit describes who has changed what: the entries of the audit log.
//
// A change gets its entry in three steps:
//
//   - The front door says who is asking, with [From]: the API, the dashboard and the
//     commands each do that in one place.
//   - The subject says what is being done, with [Begin], and passes the returned context
//     to its store. If the counts or sids are known only within the transaction, it or the
//     store calls [Note.Tell] there; package journal does that for writes with a Ready
//     function.
//   - The store writes the entries of [Note.Entries] as rows of the table audit before it
//     commits the change. Both engines do that in one place for all their transactions. So
//     no change is acknowledged without its entry, and no entry tells of a change that was
//     rolled back.
//
// A replay of a request with an Idempotency-Key does not reach the store, and so has no
// second entry. A change that affects nothing has none either.
//
// An entry contains no personal data: it counts, and it has sids and the names of fields.
// Names that people give to flows and recordings become a [Fingerprint].
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Actor tells who has made a change: a kind, and for most kinds a colon and an id.
type Actor string

// The actors without an id.
const (
	// Server is callbook itself. It is also the actor of a change whose context has no
	// [Origin].
	Server Actor = "server"
	// Stranger is somebody who is not signed in.
	Stranger Actor = "stranger"
	// Link is somebody who follows a login link.
	Link Actor = "link"
)

// The kinds of the other actors.
const (
	kindKey     = "key"
	kindSession = "session"
	kindCommand = "command"
	kindImport  = "import"
)

// ByKey is the actor of a request with this API key.
func ByKey(id string) Actor { return Actor(kindKey + ":" + id) }

// BySession is the actor of a browser that is signed in. Hash is the hash of the session's
// cookie in hex, of which a part becomes the id.
func BySession(hash string) Actor { return Actor(kindSession + ":" + SessionID(hash)) }

// ByCommand is the actor of a command of this user id of the operating system, which may be
// "" if there are no such ids.
func ByCommand(uid string) Actor { return Actor(strings.TrimSuffix(kindCommand+":"+uid, ":")) }

// ByImport is the actor of an import that works in the background.
func ByImport(sid [16]byte) Actor { return Actor(kindImport + ":" + hex.EncodeToString(sid[:])) }

// withIDs is how many kinds at the beginning of ActorKinds have actors with ids.
const withIDs = 4

// ActorKinds are the kinds of actors.
var ActorKinds = []string{kindKey, kindSession, kindCommand, kindImport, string(Link), string(Server), string(Stranger)}

// ParseActor parses what a filter takes: an actor, or only its kind.
func ParseActor(text string) (a Actor, ok bool) {
	kind, id, hasID := strings.Cut(text, ":")
	i := slices.Index(ActorKinds, kind)
	return Actor(text), i >= 0 && (!hasID || id != "" && i < withIDs)
}

// Split returns the kind and the id of an actor.
func (a Actor) Split() (kind, id string) {
	kind, id, _ = strings.Cut(string(a), ":")
	return kind, id
}

// SessionID returns the id of a session in the log: the first 16 of the digits of its hash.
func SessionID(hash string) string { return hash[:min(len(hash), 16)] }

// Fingerprint stands for a name that a person has given. It has 32 hex digits.
func Fingerprint(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// Origin tells where changes come from. The zero Origin is that of the server itself.
type Origin struct {
	Actor   Actor
	Address string // the network address of the client, or ""
	Request string // the id of the request, or ""
	// Now gives the dates of entries; nil means [time.Now].
	Now func() time.Time
}

type originKey struct{}

// From returns a context whose changes come from o. The caller may set the fields of o
// later, but not while a change is under way.
func From(ctx context.Context, o *Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// By returns a context with the same origin, but another actor.
func By(ctx context.Context, a Actor) context.Context {
	o := OriginOf(ctx)
	o.Actor = a
	return From(ctx, &o)
}

// OriginOf returns the origin in a context, or an Origin of the server.
func OriginOf(ctx context.Context) Origin {
	var o Origin
	if p, ok := ctx.Value(originKey{}).(*Origin); ok {
		o = *p
	}
	if o.Actor == "" {
		o.Actor = Server
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Change is what an entry tells.
type Change struct {
	Action Action
	// Object is the id of the one thing that was changed, unless it is a contact: the sid
	// of a list, campaign or import, the id of an API key or session, the sid of an
	// account, the name of a trunk, or the fingerprint of a name.
	Object string
	// Subjects are the contacts and lists that were changed, as far as they have sids.
	Subjects Subjects
	// Done is how many things were changed, and Failed how many of the same request were
	// not. A Change that has done nothing gets no entry.
	Done, Failed int
	// Fields are the names of the fields that were changed.
	Fields []string
}

// Note is what one transaction writes to the log. It must be used by one goroutine at a
// time.
type Note struct {
	// Account is the id of the account whose log has the entries; 0 is the log of the
	// installation.
	Account int64
	// Refused is how many things of the request failed before the store was called. A store
	// that counts failures adds it to its own.
	Refused int

	origin       Origin
	base, change []Change
}

type noteKey struct{}

// Begin returns a context for a call of one method of a store, and its note. The note tells
// the changes, unless somebody calls [Note.Tell].
func Begin[A ~int64](ctx context.Context, account A, changes ...Change) (context.Context, *Note) {
	n := &Note{Account: int64(account), origin: OriginOf(ctx), base: changes, change: changes}
	return context.WithValue(ctx, noteKey{}, n), n
}

// Untold returns a context whose changes get no entries, because another entry tells of
// them.
func Untold(ctx context.Context) context.Context {
	return context.WithValue(ctx, untoldKey{}, true)
}

type untoldKey struct{}

// NoteOf returns the note in a context, or nil. A nil note has no entries, and its methods
// do nothing.
func NoteOf(ctx context.Context) *Note {
	if ctx.Value(untoldKey{}) != nil {
		return nil
	}
	n, _ := ctx.Value(noteKey{}).(*Note)
	return n
}

// Tell replaces the changes of the note.
func (n *Note) Tell(changes ...Change) {
	if n != nil {
		n.change = changes
	}
}

// Of sets the account whose log has the entries, if the account becomes known only within
// the transaction.
func Of[A ~int64](n *Note, account A) {
	if n != nil {
		n.Account = int64(account)
	}
}

// Count sets how many things the note's only change has changed.
func (n *Note) Count(done int) {
	if n != nil && len(n.base) == 1 {
		c := n.base[0]
		c.Done = done
		n.change = []Change{c}
	}
}

// Reset returns the note to what [Begin] made. Stores call it whenever a transaction
// starts from its beginning.
func (n *Note) Reset() {
	if n != nil {
		n.change = n.base
	}
}

// Entries returns new entries for the changes that have done something.
func (n *Note) Entries() (entries []Entry) {
	if n == nil {
		return nil
	}
	for _, c := range n.change {
		if c.Done > 0 {
			entries = append(entries, Entry{
				Account: n.Account, SID: newSID(n.origin.Now()), Actor: n.origin.Actor,
				Address: n.origin.Address, Request: n.origin.Request, Change: c,
			})
		}
	}
	return entries
}

// Entry is a row of the log.
type Entry struct {
	Account int64
	// SID is a UUID of version 7 with the date of the entry.
	SID     [16]byte
	Actor   Actor
	Address string
	Request string
	Change
}

// FieldsText returns the names of the fields with a blank between them, as stores keep
// them.
func (e *Entry) FieldsText() string { return strings.Join(e.Fields, " ") }
