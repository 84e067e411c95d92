package main

import (
	"fmt"
	"regexp"
	"strings"

	"callbook/internal/store/postgres"
)

const asDatabase = "a PostgreSQL database is named as postgres://user:password@host:5432/callbook, and a SQLite database by its file alone, as callbook.db"

var (
	// otherKind matches URLs of other kinds of databases, and incomplete ones. A file
	// with such a name must be given with its folder, as in ./file:x.
	otherKind = regexp.MustCompile(`(?i)^(file|sqlite3?|postgres|postgresql|pgsql|psql|pg|jdbc|mysql|mariadb|mssql|sqlserver|oracle|mongodb|redis|cockroach(db)?):`)
	// plainScheme matches what an error may repeat of a URL.
	plainScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://$`)
	// settings matches libpq's keyword/value connection strings.
	settings = regexp.MustCompile(`(?i)(^|\s)(host|hostaddr|port|user|password|dbname|sslmode|service)\s*=`)
	// hostAndPort matches URLs without a scheme that begin with a host and port, or with
	// a user and password.
	hostAndPort = regexp.MustCompile(`^[^/\s]+:\d+(/|$)|^[^./].*:.*@`)
)

// checkDatabase returns an error for a name that cannot be a database. Otherwise a
// misspelt URL would become a file with a password in its name. The error repeats nothing
// of the name but its scheme.
func checkDatabase(flag, name string) error {
	if postgres.IsURL(name) {
		if err := postgres.CheckURL(name); err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
		return nil
	}
	if scheme, _, isURL := strings.Cut(name, "://"); isURL {
		scheme += "://"
		if strings.EqualFold(scheme, "postgres://") || strings.EqualFold(scheme, "postgresql://") {
			return fmt.Errorf("%s begins with %q: write that in small letters; %s", flag, scheme, asDatabase)
		}
		if !plainScheme.MatchString(scheme) {
			return fmt.Errorf("%s has :// in it and is no URL that callbook knows: %s", flag, asDatabase)
		}
		return fmt.Errorf("%s begins with %q, which callbook does not know: %s", flag, scheme, asDatabase)
	}
	if scheme := otherKind.FindString(name); scheme != "" {
		return fmt.Errorf("%s begins with %q and is no URL that callbook knows: %s", flag, scheme, asDatabase)
	}
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("%s is empty: %s", flag, asDatabase)
	case settings.MatchString(name):
		return fmt.Errorf("%s has settings, as host= and dbname=, where a URL belongs: %s", flag, asDatabase)
	case hostAndPort.MatchString(name):
		return fmt.Errorf("%s looks like a URL that does not begin with postgres://: %s; a file with such a name is given with its folder, as ./NAME", flag, asDatabase)
	}
	return nil
}
