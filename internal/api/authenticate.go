package api

import (
	"net/http"
	"time"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/clientaddr"
	"callbook/internal/fault"
)

// These limit how many different wrong pairs of key and token an address may send. Tokens
// cannot be guessed anyway; the limit protects the database from the work. The same wrong
// pair counts once, and a pair that was right before is always accepted. So a program
// with an old key does not lock out others in the same office.
const (
	guessesAtOnce = 60
	guessEvery    = time.Second
)

// authenticate returns the caller to whom an API key belongs.
func (a *API) authenticate(r *http.Request, key, token string) (account.Caller, error) {
	if a.accounts.Recognises(key, token) {
		caller, err := a.accounts.Authenticate(r.Context(), key, token)
		if !fault.Is(err, fault.Unauthenticated) {
			return caller, err
		}
		// The key has ended. The log tells of it once, as of any other pair.
	}
	guess, err := a.guesses.BeginGuess(r.Context(), clientaddr.Peer(r), key+"\x00"+token)
	if err != nil {
		return account.Caller{}, err
	}
	if guess == nil {
		return account.Caller{}, account.ErrUnauthenticated
	}
	failed := false
	defer func() { guess.End(failed) }()
	caller, err := a.accounts.Authenticate(r.Context(), key, token)
	if failed = fault.Is(err, fault.Unauthenticated); failed {
		a.audit.Refused(audit.From(r.Context(), a.origin(r)), audit.KeysRefused, key)
	}
	return caller, err
}

// checkNetwork returns an error if the key must not be used from where the request comes
// from. The log tells of it once, as of a wrong pair: the key may be stolen.
func (a *API) checkNetwork(r *http.Request, caller account.Caller) error {
	from := clientaddr.Peer(r)
	if caller.Access.From(from) {
		return nil
	}
	// No pair begins with a colon, which separates the key from the token.
	guess, err := a.guesses.BeginGuess(r.Context(), from, ":"+caller.Key)
	if err != nil {
		return err
	}
	if guess != nil {
		guess.End(true)
		a.audit.Refused(audit.From(r.Context(), a.origin(r)), audit.KeysRefused, caller.Key)
	}
	return account.ErrWrongNetwork
}
