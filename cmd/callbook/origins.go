package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// originFlags are the flags about pages of other sites.
type originFlags struct {
	AllowOrigin []string `placeholder:"ORIGIN" help:"Origin whose pages may use the API in a browser, as https://app.example.com; may be given more than once. Writes from other origins are refused."`

	origins []string // in the spelling of browsers
}

// Validate is called by kong after it has parsed the flags.
func (f *originFlags) Validate() error {
	f.origins = nil
	for _, text := range f.AllowOrigin {
		origin, err := parseOrigin(text)
		if err != nil {
			return fmt.Errorf("--allow-origin %q %w", text, err)
		}
		f.origins = append(f.origins, origin)
	}
	return nil
}

// originHost matches a host name, an IPv4 address, or an IPv6 address without its
// brackets.
var originHost = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?|[0-9a-f.]*:[0-9a-f:.]+)$`)

// parseOrigin returns an origin in the spelling of the Origin header: in lower case,
// without the scheme's default port, and without a slash at its end. The caller prefixes
// the error with the text that it is about.
func parseOrigin(text string) (string, error) {
	const as = "as https://book.example.com or http://localhost:3000"
	u, err := url.Parse(text)
	hasScheme := strings.HasPrefix(strings.ToLower(text), "http://") || strings.HasPrefix(strings.ToLower(text), "https://")
	switch {
	case strings.Contains(text, "@"):
		return "", errors.New("has a user name in it: write the scheme, the host and perhaps a port alone, " + as)
	case strings.Contains(text, "*"):
		return "", errors.New("names many origins: give each one by itself, " + as)
	case strings.ContainsAny(text, " \t\n"):
		return "", errors.New("has a blank in it: leave it out, " + as)
	case !hasScheme:
		return "", errors.New("does not begin with http:// or https://: write it " + as)
	case err != nil || u.Hostname() == "":
		return "", errors.New("is no address of a server: write the scheme, the host and perhaps a port, " + as)
	case u.Path != "" && u.Path != "/":
		return "", errors.New("has a path, and callbook is always at the root of its host: leave out what follows the host, " + as)
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#"):
		return "", errors.New("has a ? or # behind the host: leave that out, " + as)
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	for _, c := range host {
		if c > '~' {
			return "", errors.New("has letters that browsers send in another form: write the host as it stands in a certificate, as xn--bcher-kva.example")
		}
	}
	if !originHost.MatchString(host) {
		return "", errors.New("has a host that cannot be one: write it " + as)
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return "", errors.New("has a port that cannot be one: it is a number from 1 to 65535, " + as)
	}
	if port == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		port = ""
	}
	switch {
	case port != "":
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return u.Scheme + "://" + host, nil
}
