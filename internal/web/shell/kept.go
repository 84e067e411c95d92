package shell

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"callbook/internal/account"
	"callbook/internal/budget"
)

// keptKey returns the key of the receipt that stores what a page shows. The key contains
// the type, so that a page cannot read what another kind of page has stored.
func keptKey(name string, what any) string {
	return "page:" + strings.TrimPrefix(fmt.Sprintf("%T", what), "*") + ":" + name
}

// Keep stores what a page shows as JSON, in the visitor's account and for as long as
// receipts are kept. So the page can have a URL of its own. Keep returns the name for
// [Kept].
func Keep(r *http.Request, what any) (name string, err error) {
	return KeepFor(r, AccountOf(r), what)
}

// KeepFor is [Keep] for an account into which the visitor has just signed in.
func KeepFor(r *http.Request, acct account.Account, what any) (name string, err error) {
	body, err := json.Marshal(what)
	if err != nil {
		return "", fmt.Errorf("write what a page shows: %w", err)
	}
	name = strings.ToLower(rand.Text())
	attempt, err := visitorOf(r).dashboard.cfg.Receipts.Begin(acct.ID, keptKey(name, what))
	if err != nil {
		return "", err
	}
	defer attempt.End()
	return name, attempt.Keep(attempt.PageContext(r.Context()), http.StatusOK, body)
}

// Kept decodes what [Keep] has stored under a name. It returns false if there is nothing,
// or if it has expired.
func Kept(r *http.Request, name string, into any) (bool, error) {
	receipt, err := visitorOf(r).dashboard.cfg.Receipts.Find(r.Context(), AccountOf(r).ID, keptKey(name, into))
	// An API client may use the same key for a request. Only the receipts of requests
	// have a hash.
	if err != nil || receipt == nil || receipt.Request != [32]byte{} {
		return false, err
	}
	answer, err := receipt.Open()
	if err != nil {
		return false, err
	}
	defer answer.Close()
	if err := budget.Of(r.Context()).Take(r.Context(), formBytes*answer.Size); err != nil {
		return false, err
	}
	if err := json.NewDecoder(answer).Decode(into); err != nil {
		return false, fmt.Errorf("read what a page shows: %w", err)
	}
	return true, nil
}

// ShowKept shows what [Keep] has stored under a name. If there is nothing, or if it has
// expired, it redirects to elsewhere.
func ShowKept[T any](r *http.Request, name, elsewhere string, show func(T) Answer) (Answer, error) {
	var what T
	switch there, err := Kept(r, name, &what); {
	case err != nil:
		return Answer{}, err
	case !there:
		return GoTo(elsewhere), nil
	}
	return show(what), nil
}
