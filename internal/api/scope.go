package api

import (
	"net/http"
	"strings"
	"time"

	"callbook/internal/account"
)

// scopeOf returns the scope that a route needs, which its pattern tells.
func scopeOf(pattern string) account.Scope {
	method, path, _ := strings.Cut(pattern, " ")
	parts := strings.Split(strings.TrimPrefix(path, "/v2/accounts/{account_sid}/"), "/")
	if parts[0] == "trash" && len(parts) > 1 {
		parts = parts[1:]
	}
	switch {
	case parts[0] == "contacts" && len(parts) > 1 && parts[1] == "csv-upload", strings.HasPrefix(parts[0], "csv-"):
		return account.Imports
	case parts[0] == "contacts" && method == http.MethodGet:
		return account.ContactsRead
	case parts[0] == "contacts":
		return account.ContactsWrite
	case parts[0] == "lists":
		return account.Lists
	case strings.HasPrefix(parts[0], "campaign"), parts[0] == "flows", parts[0] == "prompts", parts[0] == "suppressions":
		return account.CampaignsScope
	}
	return account.Admin
}

// scoped returns a handler that refuses keys without the route's scope.
func (a *API) scoped(pattern string, h http.HandlerFunc) http.HandlerFunc {
	scope := scopeOf(pattern)
	return func(w http.ResponseWriter, r *http.Request) {
		// An encoded slash is one to whoever admits a caller or a signed link, and part
		// of a name to the routes. What was admitted must be what is served.
		if r.PathValue("account_sid") != accountOf(r).SID {
			a.refuse(w, r, errNoRoute)
			return
		}
		if !callerOf(r).Access.Allows(scope) {
			a.refuse(w, r, account.LacksScope(scope))
			return
		}
		h(w, r)
	}
}

// refuse answers a request that its sender may not make. The body is not worth a long
// wait.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(strangerTime))
	a.drain(r)
	Fail(w, r, err)
}
