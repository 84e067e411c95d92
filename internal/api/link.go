package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/account"
	"callbook/internal/clientaddr"
	"callbook/internal/fault"
	"callbook/internal/link"
)

// signedLink is a request for a file by a signed link, which needs no key.
type signedLink struct {
	account            string // the account's sid
	file               link.File
	expires, signature string
}

// linkIn returns the link in a request. Ok is false for other requests.
func linkIn(r *http.Request, accountSID string) (signed signedLink, ok bool) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/v2/accounts/"+accountSID+"/")
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("Authorization") != "" {
		return signed, false
	}
	words, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !words.Has(link.Signature) {
		return signed, false
	}
	signed = signedLink{account: accountSID, expires: words.Get(link.Expires), signature: words.Get(link.Signature)}
	signed.file, ok = link.Parse(rest)
	return signed, ok
}

var errBadLink = fault.New(fault.Unauthenticated, "This link has ended, or was changed: ask for the campaign or its calls to get a new one")

// admitLink admits a request with a signed link.
func (a *API) admitLink(r *http.Request, signed signedLink) (*http.Request, error) {
	acct, err := a.checkLink(r, signed)
	if err != nil {
		return r, err
	}
	// Whatever the path leads to, a link is good for no more than campaigns.
	caller := account.Caller{Account: acct, Access: account.Access{Scopes: []account.Scope{account.CampaignsScope}}}
	r = a.asking(r, caller, func(ctx context.Context) error {
		_, err := a.permitted(ctx, signed)
		return err
	})
	return r, nil
}

// checkLink returns the account of a valid link. Invalid ones count as guesses.
func (a *API) checkLink(r *http.Request, signed signedLink) (account.Account, error) {
	guess, err := a.guesses.BeginGuess(r.Context(), clientaddr.Peer(r), fmt.Sprint(signed))
	if err != nil {
		return account.Account{}, err
	}
	if guess == nil {
		return account.Account{}, errBadLink
	}
	failed := false
	defer func() { guess.End(failed) }()
	acct, err := a.permitted(r.Context(), signed)
	failed = fault.Is(err, fault.Unauthenticated)
	return acct, err
}

// permitted returns the account of a link if the link is valid now.
func (a *API) permitted(ctx context.Context, signed signedLink) (account.Account, error) {
	acct, err := a.accounts.Account(ctx, signed.account)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			err = errBadLink
		}
		return account.Account{}, err
	}
	signer, err := a.links.Of(ctx, acct)
	if err == nil && !signer.Permits(signed.file, signed.expires, signed.signature) {
		err = errBadLink
	}
	if err == nil {
		err = acct.Refusal()
	}
	return acct, err
}
