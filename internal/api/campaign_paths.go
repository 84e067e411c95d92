package api

import (
	"net/http"
	"regexp"
	"strings"

	"callbook/internal/account"
)

// ofCampaigns tells whether the path of a request is one of campaigns, whose answers
// have an array in response even when they are about one thing, or an error: clients of
// the platform loop over it without looking. The path need not be a route.
func ofCampaigns(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, "/v2/")
	accounts, rest, _ := strings.Cut(rest, "/")
	_, rest, _ = strings.Cut(rest, "/") // the account's sid
	word, _, _ := strings.Cut(rest, "/")
	return ok && strings.EqualFold(accounts, "accounts") && (word == "campaigns" || word == "campaign")
}

// campaignsPath is the path of the account's campaigns.
func campaignsPath(acct account.Account) string {
	return "/v2/accounts/" + acct.SID + "/campaigns"
}

// plainHost is a host as an answer may repeat it. A request may claim any.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// serverURL is where the one who asks reaches this server, without a slash at the end:
// the address that it was started with, or else the one that the request was sent to.
func (a *API) serverURL(r *http.Request) string {
	switch {
	case a.baseURL != "":
		return a.baseURL
	case !plainHost.MatchString(r.Host):
		return ""
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
