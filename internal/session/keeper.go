package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/fault"
)

// usedEvery is how old the note of a session's last use may be: not every page
// is worth a write.
const usedEvery = time.Minute

// secretBytes is how long a link's token and a session's secret are.
const secretBytes = 32

// Keeper makes, finds and ends links and sessions. It is safe for concurrent
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

// NewLink makes a link into an account and returns its token, which cannot be
// had a second time.
func (k *Keeper) NewLink(ctx context.Context, acct account.Account) (token string, err error) {
	now := k.clock.Now()
	if err := k.forget(ctx, now); err != nil {
		return "", err
	}
	token = newSecret()
	return token, k.store.AddLink(ctx, acct.ID, Link{Hash: hashOf(token), Expires: now.Add(LinkLifetime)})
}

// LinkAccount tells where a link leads, without using it up. A link that
// leads nowhere is a NotFound fault.
func (k *Keeper) LinkAccount(ctx context.Context, token string) (account.Account, error) {
	acct, err := k.store.Link(ctx, hashOf(token), k.clock.Now())
	return acct, orNoLink(err)
}

// FollowLink uses a link up and begins a session, whose secret cannot be had a
// second time. It ends the one used longest ago when there are more than
// [MaxByLink]. A link that leads nowhere is a NotFound fault.
func (k *Keeper) FollowLink(ctx context.Context, token, agent string) (secret string, acct account.Account, err error) {
	now := k.clock.Now()
	secret = newSecret()
	acct, err = k.store.TakeLink(ctx, hashOf(token), newSession(secret, "", agent, now), MaxByLink)
	return secret, acct, orNoLink(err)
}

// Begin begins a session for one who has shown an API key and its token, and
// returns its secret, which cannot be had a second time. It ends the key's session
// used longest ago when there are more than [MaxPerKey].
func (k *Keeper) Begin(ctx context.Context, caller account.Caller, agent string) (secret string, err error) {
	now := k.clock.Now()
	if err := k.forget(ctx, now); err != nil {
		return "", err
	}
	secret = newSecret()
	return secret, k.store.AddSession(ctx, caller.Account.ID, newSession(secret, caller.Key, agent, now), MaxPerKey)
}

// Find returns the session with this secret and its account, and notes its use,
// once a minute at most. A session that is not there, or was not used for
// [Lifetime], is a NotFound fault.
func (k *Keeper) Find(ctx context.Context, secret string) (Session, account.Account, error) {
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
		if err := k.store.SessionUsed(ctx, s.Hash, now); err != nil {
			return Session{}, account.Account{}, err
		}
		s.LastUsed = now
	}
	return s, acct, nil
}

// Lasts returns nil while there is a session with this hash, and the NotFound fault
// of [Keeper.Find] when it has ended. It does not count as a use of the session.
func (k *Keeper) Lasts(ctx context.Context, hash Hash) error {
	now := k.clock.Now()
	s, _, err := k.store.Session(ctx, hash, now)
	if err == nil && now.Sub(s.LastUsed) >= Lifetime {
		err = errNoSession
	}
	return orNoSession(err)
}

// Sessions returns the account's sessions, the one used last first.
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

// End ends a session of the account; id is its hash in hex. One that is not
// there, or another account's, is a NotFound fault.
func (k *Keeper) End(ctx context.Context, acct account.Account, id string) error {
	hash, err := hex.DecodeString(id)
	if err != nil || len(hash) != len(Hash{}) {
		return errNoSession
	}
	return orNoSession(k.store.EndSession(ctx, acct.ID, Hash(hash)))
}

// forget removes the links and sessions that are over. It is called whenever a new
// one is made, so that they do not pile up.
func (k *Keeper) forget(ctx context.Context, now time.Time) error {
	return k.store.Forget(ctx, now, now.Add(-Lifetime))
}

func newSession(secret, keyID, agent string, now time.Time) Session {
	agent = strings.ToValidUTF8(agent[:min(len(agent), MaxAgentLength)], "")
	agent = strings.ReplaceAll(agent, "\x00", "")
	return Session{Hash: hashOf(secret), Key: keyID, Agent: agent, Created: now, LastUsed: now}
}

func newSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}

func hashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

func orNoLink(err error) error    { return orFault(err, errNoLink) }
func orNoSession(err error) error { return orFault(err, errNoSession) }

// orFault puts the words of this package in place of the store's NotFound.
func orFault(err error, words *fault.Error) error {
	if f := fault.As(err); f != nil && f.Kind == fault.NotFound {
		return words
	}
	return err
}
