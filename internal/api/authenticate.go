package api

import (
	"net/http"
	"time"

	"callbook/internal/account"
	"callbook/internal/clientaddr"
	"callbook/internal/fault"
)

// How many different wrong pairs of key and token an address may send. They are
// not to be guessed in any case; this keeps guesses from being work for the
// database. Of the same pair sent again only the first counts, and a pair that
// was right before is let through whatever else comes from its address, so that a
// program with an old key harms nobody in the same office.
const (
	guessesAtOnce = 60
	guessEvery    = time.Second
)

// authenticate returns who has an API key.
func (a *API) authenticate(r *http.Request, key, token string) (account.Caller, error) {
	if a.accounts.Recognises(key, token) {
		return a.accounts.Authenticate(r.Context(), key, token)
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
	failed = fault.Is(err, fault.Unauthenticated)
	return caller, err
}
