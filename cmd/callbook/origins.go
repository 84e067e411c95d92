package main

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// originFlags are the flags about pages of other sites.
type originFlags struct {
	AllowOrigin []string `placeholder:"ORIGIN" help:"Origin whose pages may use the API in a browser, as https://app.example.com; may be given more than once. Writes from other origins are refused."`

	origins []string // as browsers spell them
}

// Validate is called by kong when the flags are read.
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

// parseOrigin returns an origin as browsers spell it in the Origin header: in
// lower case, and without the port that the scheme has by itself.
func parseOrigin(text string) (string, error) {
	if strings.Contains(text, "*") {
		return "", fmt.Errorf("names many origins: give each one by itself, as https://app.example.com")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("is no origin: write its scheme, host and perhaps port, as https://app.example.com or http://localhost:3000")
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	for _, c := range host {
		if c > '~' {
			return "", fmt.Errorf("has letters that browsers send in another form: write the host as it stands in a certificate, as xn--bcher-kva.example")
		}
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
