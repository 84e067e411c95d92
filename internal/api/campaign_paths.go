package api

import (
	"net/http"
	"regexp"
	"strings"

	"callbook/internal/account"
)

// ofCampaigns reports whether a request's path is about campaigns. There, the response of
// an answer is an array even for a single campaign or an error, because clients of Exotel
// loop over it without checking. The path need not be a route.
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

// plainHost matches the hosts that an answer may repeat. A request may claim any host.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// serverURL returns the URL of this server for the client, without a slash at the end:
// the configured one, or else that of the request.
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
