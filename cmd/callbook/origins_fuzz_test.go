package main

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzParseOrigin: what is taken as an origin is one to browsers and to the check of
// forms, and is spelt the same when it is read again.
func FuzzParseOrigin(f *testing.F) {
	for _, text := range []string{
		"https://Book.Example.com/", "http://[::1]:8080", "http://h:80", "https://h:", "http://[fe80::1%25eth0]", "http://a:b@c", "http://1:65536", "HTTP://x.", "http://[::ffff:1.2.3.4]:443",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		origin, err := parseOrigin(text)
		if err != nil {
			return
		}
		if again, err := parseOrigin(origin); err != nil || again != origin {
			t.Errorf("%q is %q, which is %q, %v", text, origin, again, err)
		}
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(origin); err != nil {
			t.Errorf("%q is %q: %v", text, origin, err)
		}
	})
}

// FuzzCheckDatabase: no message about the name of a database has a password that stands
// in it.
func FuzzCheckDatabase(f *testing.F) {
	for _, text := range []string{
		"postgres://u:|@h/db", "Postgres://u:|@h/db", "postgress://u:|@h", "mysql://u:|@h", "u:|@h:5432/db", "host=h password=|", "postgres:u:|@h", "jdbc:postgresql://u:|@h",
		"postgres://u:|@h:x/db", "postgres://u:|%zz@h", "postgres://h/db?password=|&sslmode=x", "u:|@h://x", "postgres://u:|@h/\x00", " postgres://u:|@h", "postgres://u:a/|@h/db", "|://", "u:|@h://y",
	} {
		before, after, _ := strings.Cut(text, "|")
		f.Add(before, after)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		const password = "hunter2!hunter2" // which is no scheme
		if err := checkDatabase("--db", before+password+after); err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("%q: %v", before+"|"+after, err)
		}
	})
}
