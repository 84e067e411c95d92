package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/clientaddr"
	"callbook/internal/fault"
	"callbook/internal/report"
)

// signedLink is a request for a report by a signed link, which needs no key.
type signedLink struct {
	account            string // the account's sid
	campaign           addressbook.SID
	expires, signature string
}

// reportLink returns the link in a request. Ok is false for other requests.
func reportLink(r *http.Request, accountSID string) (link signedLink, ok bool) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/v2/accounts/"+accountSID+"/campaigns/")
	sid, end, _ := strings.Cut(rest, "/")
	if !ok || end != "report" || r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("Authorization") != "" {
		return link, false
	}
	words, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !words.Has(report.Signature) {
		return link, false
	}
	link = signedLink{account: accountSID, expires: words.Get(report.Expires), signature: words.Get(report.Signature)}
	link.campaign, ok = addressbook.ParseSID(sid)
	return link, ok
}

var errBadLink = fault.New(fault.Unauthenticated, "The link to this report has ended, or was changed: ask for the campaign to get a new one")

// admitLink admits a request with a signed link.
func (a *API) admitLink(r *http.Request, link signedLink) (*http.Request, error) {
	acct, err := a.checkLink(r, link)
	if err != nil {
		return r, err
	}
	r = a.asking(r, account.Caller{Account: acct}, func(ctx context.Context) error {
		_, err := a.permitted(ctx, link)
		return err
	})
	return r, budget.Of(r.Context()).Admit(acct.ID)
}

// checkLink returns the account of a valid link. Invalid ones count as guesses.
func (a *API) checkLink(r *http.Request, link signedLink) (account.Account, error) {
	guess, err := a.guesses.BeginGuess(r.Context(), clientaddr.Peer(r), fmt.Sprint(link))
	if err != nil {
		return account.Account{}, err
	}
	if guess == nil {
		return account.Account{}, errBadLink
	}
	failed := false
	defer func() { guess.End(failed) }()
	acct, err := a.permitted(r.Context(), link)
	failed = fault.Is(err, fault.Unauthenticated)
	return acct, err
}

// permitted returns the account of a link if the link is valid now.
func (a *API) permitted(ctx context.Context, link signedLink) (account.Account, error) {
	acct, err := a.accounts.Account(ctx, link.account)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			err = errBadLink
		}
		return account.Account{}, err
	}
	signer, err := a.reports.Of(ctx, acct)
	if err == nil && !signer.Permits(link.campaign, link.expires, link.signature) {
		err = errBadLink
	}
	return acct, err
}

var (
	errEarly  = fault.New(fault.Unfinished, "The campaign has not ended; partial=true asks for what there is")
	errUnread = fault.New(fault.Unfinished, "The numbers of the campaign are still being read; partial=true asks for what there is")
)

// getReport sends a campaign's report while it reads it.
func (a *API) getReport(w http.ResponseWriter, r *http.Request) {
	if err := a.sendReport(w, r); err != nil {
		Fail(w, r, err)
	}
}

// sendReport sends a report. It returns an error only if nothing was sent.
func (a *API) sendReport(w http.ResponseWriter, r *http.Request) error {
	words, err := parseWords(r)
	if err != nil {
		return err
	}
	partial, err := boolWord(words, "partial")
	if err != nil {
		return err
	}
	acct := accountOf(r)
	c, err := a.campaigns.Get(r.Context(), acct, sidIn(r, "sid"))
	if err != nil {
		return err
	}
	switch {
	case partial:
	case !c.State.Ended():
		return errEarly
	case !c.Expanded:
		return errUnread // the numbers that nobody will call are missing yet
	}
	return a.sendFile(w, r, file{mediaType: report.CSVType, name: "report-" + c.Name, extension: ".csv", bytes: report.Bytes}, func() (writeFile, error) {
		return func(ctx context.Context, to io.Writer) error { return report.Write(ctx, a.campaigns, acct, c, to) }, nil
	})
}
