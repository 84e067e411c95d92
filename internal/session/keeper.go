package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/clock"
	"callbook/internal/fault"
)

// usedEvery is how often a session's last use is stored at most, so that not every
// page costs a write.
const usedEvery = time.Minute

// secretBytes is the length of a link's token and of a session's secret.
const secretBytes = 32

// Keeper creates, finds and ends links and sessions. It is safe for concurrent
// use.
type Keeper struct {
	store Store
	clock clock.Clock
}

// NewKeeper returns a Keeper over store.
func NewKeeper(store Store, c clock.Clock) *Keeper {
	return &Keeper{store: store, clock: c}
}

var (
	errNoLink    = fault.New(fault.NotFound, "This link was used already, is older than ten minutes, or never was one")
	errNoSession = fault.New(fault.NotFound, "There is no such session; it may have ended already")
)

// NewLink creates a link into an account and returns its token. Only the token's
// hash is stored, so it cannot be retrieved later.
func (k *Keeper) NewLink(ctx context.Context, acct account.Account) (token string, err error) {
	if err := acct.Refusal(); err != nil {
		return "", err
	}
	now := k.clock.Now()
	if err := k.forget(ctx, now); err != nil {
		return "", err
	}
	token = newSecret()
	ctx, _ = audit.Begin(ctx, acct.ID, audit.Change{Action: audit.LinksCreate, Done: 1})
	return token, k.store.AddLink(ctx, acct.ID, Link{Hash: hashOf(token), Expires: now.Add(LinkLifetime)})
}

// LinkAccount returns the account of a link without consuming the link. The error
// for an unknown, used or expired link is a NotFound fault.
func (k *Keeper) LinkAccount(ctx context.Context, token string) (account.Account, error) {
	acct, err := k.store.Link(ctx, hashOf(token), k.clock.Now())
	return acct, orNoLink(err)
}

// FollowLink consumes a link, begins a session and returns the session's secret,
// which cannot be retrieved later. If the account then has more than [MaxByLink]
// sessions by links, the least recently used one ends. The error for an unknown,
// used or expired link is a NotFound fault.
func (k *Keeper) FollowLink(ctx context.Context, token string, by Client) (secret string, acct account.Account, err error) {
	now := k.clock.Now()
	secret = newSecret()
	s := newSession(secret, "", by, now)
	ctx, _ = audit.Begin(audit.By(ctx, audit.Link), account.None, s.begun())
	acct, err = k.store.TakeLink(ctx, hashOf(token), s, MaxByLink)
	return secret, acct, orNoLink(err)
}

// Begin begins a session for a caller who has authenticated with an API key. It returns
// the session's secret, which cannot be retrieved later. If the key then has more than
// [MaxPerKey] sessions, the least recently used one ends.
func (k *Keeper) Begin(ctx context.Context, caller account.Caller, by Client) (secret string, err error) {
	now := k.clock.Now()
	if err := k.forget(ctx, now); err != nil {
		return "", err
	}
	secret = newSecret()
	s := newSession(secret, caller.Key, by, now)
	ctx, _ = audit.Begin(audit.By(ctx, caller.Actor()), caller.Account.ID, s.begun())
	return secret, k.store.AddSession(ctx, caller.Account.ID, s, MaxPerKey)
}

// Find returns the session with this secret and its account, and stores the time
// and address of its use, once a minute at most. The error for a session that does not
// exist, or was not used for [Lifetime], is a NotFound fault.
func (k *Keeper) Find(ctx context.Context, secret, address string) (Session, account.Account, error) {
	now := k.clock.Now()
	s, acct, err := k.store.Session(ctx, hashOf(secret), now)
	if err != nil {
		return Session{}, account.Account{}, orNoSession(err)
	}
	unused := now.Sub(s.LastUsed)
	if unused >= Lifetime {
		return Session{}, account.Account{}, errNoSession
	}
	if unused >= usedEvery {
		if err := k.store.SessionUsed(ctx, s.Hash, now, address); err != nil {
			return Session{}, account.Account{}, err
		}
		s.LastUsed, s.Address = now, address
	}
	return s, acct, nil
}

// Lasts returns nil while the session with this hash exists, and the NotFound fault
// of [Keeper.Find] once it has ended. It does not count as a use of the session.
func (k *Keeper) Lasts(ctx context.Context, hash Hash) error {
	now := k.clock.Now()
	s, _, err := k.store.Session(ctx, hash, now)
	if err == nil && now.Sub(s.LastUsed) >= Lifetime {
		err = errNoSession
	}
	return orNoSession(err)
}

// Sessions returns the account's sessions, the most recently used first.
func (k *Keeper) Sessions(ctx context.Context, acct account.Account) ([]Session, error) {
	now := k.clock.Now()
	all, err := k.store.Sessions(ctx, acct.ID, now)
	if err != nil {
		return nil, err
	}
	for i, s := range all {
		if now.Sub(s.LastUsed) >= Lifetime {
			return all[:i], nil
		}
	}
	return all, nil
}

// End ends a session of the account; id is its hash in hex. The error for a session
// that does not exist, or is another account's, is a NotFound fault.
func (k *Keeper) End(ctx context.Context, acct account.Account, id string) error {
	hash, err := hex.DecodeString(id)
	if err != nil || len(hash) != len(Hash{}) {
		return errNoSession
	}
	ctx, _ = audit.Begin(ctx, acct.ID, audit.Change{Action: audit.SessionsEnd, Object: audit.SessionID(id), Done: 1})
	return orNoSession(k.store.EndSession(ctx, acct.ID, Hash(hash)))
}

// EndOthers ends all sessions of the account but one, and returns how many that were.
func (k *Keeper) EndOthers(ctx context.Context, acct account.Account, keep Hash) (int, error) {
	ctx, _ = audit.Begin(ctx, acct.ID, audit.Change{Action: audit.SessionsEnd})
	return k.store.EndOtherSessions(ctx, acct.ID, keep)
}

// forget deletes expired links and sessions. It runs whenever a new one is made,
// so that they do not accumulate.
func (k *Keeper) forget(ctx context.Context, now time.Time) error {
	return k.store.Forget(ctx, now, now.Add(-Lifetime))
}

func newSession(secret, keyID string, by Client, now time.Time) Session {
	by.Agent = strings.ToValidUTF8(by.Agent[:min(len(by.Agent), MaxAgentLength)], "")
	by.Agent = strings.ReplaceAll(by.Agent, "\x00", "")
	return Session{Hash: hashOf(secret), Key: keyID, Client: by, Created: now, LastUsed: now}
}

// begun is what the audit log tells of a new session.
func (s *Session) begun() audit.Change {
	return audit.Change{Action: audit.SessionsBegin, Object: audit.SessionID(s.Hash.String()), Done: 1}
}

func newSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails: crypto/rand crashes the program instead
	return hex.EncodeToString(b)
}

func hashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

func orNoLink(err error) error    { return orFault(err, errNoLink) }
func orNoSession(err error) error { return orFault(err, errNoSession) }

// orFault replaces a NotFound fault of the store with a more specific one.
func orFault(err error, words *fault.Error) error {
	if fault.Is(err, fault.NotFound) {
		return words
	}
	return err
}
