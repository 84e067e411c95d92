package web

import (
	"net/http"
	"regexp"
)

// plainHost is a host as a sample may have it. A request may claim any.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// baseURL is where clients reach the server.
func (d *Dashboard) baseURL(r *http.Request) string {
	switch {
	case d.cfg.BaseURL != "":
		return d.cfg.BaseURL
	case !plainHost.MatchString(r.Host):
		return "http://<your_host>"
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// accountURL is where the API of the account begins.
func (d *Dashboard) accountURL(r *http.Request) string {
	return d.baseURL(r) + accountPath(r)
}

func accountPath(r *http.Request) string { return "/v2/accounts/" + accountOf(r).SID }
