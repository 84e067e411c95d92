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

// keptKey is the key of the receipt that holds what a page shows. The type of it is in
// there: the name of what one page kept is nothing to another.
func keptKey(name string, what any) string {
	return "page:" + strings.TrimPrefix(fmt.Sprintf("%T", what), "*") + ":" + name
}

// Keep stores what a page shows as JSON, in the visitor's account and for
// [journal.Lifetime], so that the page can have an address of its own. It returns
// the name for [Kept].
func Keep(r *http.Request, what any) (name string, err error) {
	return KeepFor(r, AccountOf(r), what)
}

// KeepFor is [Keep] for the account of somebody whose session has just begun.
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

// Kept reads what was stored under a name by [Keep]. False means that nothing was,
// or that it has expired.
func Kept(r *http.Request, name string, into any) (bool, error) {
	receipt, err := visitorOf(r).dashboard.cfg.Receipts.Find(r.Context(), AccountOf(r).ID, keptKey(name, into))
	// A program may give its request a key like those of pages. Only its receipt has the
	// hash of a request.
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

// ShowKept shows what was stored under a name by [Keep]. Where nothing was, or it has
// expired, it goes to another page.
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
