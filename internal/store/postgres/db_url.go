package postgres

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// IsURL reports whether the name of a database is the URL of a PostgreSQL database.
func IsURL(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// errBadURL does not quote the URL. The error of pgx leaves out the password only if it
// can find it in the invalid URL.
var errBadURL = errors.New("the URL of the PostgreSQL database cannot be read: write it as postgres://user:password@host:5432/callbook, " +
	"with the characters / ? # @ : and % of a password as %2F %3F %23 %40 %3A and %25, and after a ? only settings that libpq or the pool knows, with values that they take")

// CheckURL returns an error if the URL of a PostgreSQL database is invalid. It does not
// connect. The error does not quote the URL.
func CheckURL(name string) error {
	if _, err := pgxpool.ParseConfig(name); err != nil {
		return errBadURL
	}
	// An unescaped / or # in a password moves the rest of it into a part of the URL that
	// messages show.
	_, rest, _ := strings.Cut(name, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	setting, _, _ := strings.Cut(rest[end:], "=")
	if strings.ContainsAny(name, " \t\n") || strings.Contains(setting, "@") || strings.Contains(rest[end:], "#") {
		return errBadURL
	}
	return nil
}

// Redact returns the URL without its password.
func Redact(name string) string {
	u, err := url.Parse(name)
	if err != nil {
		return "postgres://(a URL that is not shown)"
	}
	if q := u.Query(); q.Has("password") || q.Has("sslpassword") {
		for _, word := range []string{"password", "sslpassword"} {
			if q.Has(word) {
				q.Set(word, "xxxxx")
			}
		}
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

// openError explains why a database could not be opened, and what to do. It wraps err.
func openError(name string, config *pgx.ConnConfig, err error) error {
	text := openTrouble(config, err)
	if text == "" {
		return fmt.Errorf("open database %s: %w", Redact(name), err)
	}
	return &quiet{fmt.Sprintf("open database %s: %s", Redact(name), text), err}
}

// openTrouble returns the explanation of a common error, or "" for any other.
func openTrouble(config *pgx.ConnConfig, err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case "28P01", "28000":
			return fmt.Sprintf("PostgreSQL does not let the user %q in (%s): check the user and the password in the URL, and what pg_hba.conf asks for", config.User, pg.Message)
		case "3D000":
			return fmt.Sprintf("there is no database %q: check the name at the end of the URL, or make the database with createdb %[1]s", config.Database)
		case "42501":
			return fmt.Sprintf("the user %q may not do that there (%s): make it the owner of the database, or GRANT CREATE ON SCHEMA public to it", config.User, pg.Message)
		}
		return ""
	}
	if _, connecting := errors.AsType[*pgconn.ConnectError](err); !connecting || severalHosts(&config.Config) {
		return ""
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok && unknown.IsNotFound {
		return fmt.Sprintf("the host %q is not known: check how the URL spells it", unknown.Name)
	}
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Addr == nil {
		return ""
	}
	if op.Timeout() {
		return fmt.Sprintf("%s does not answer: check the host and port in the URL, and the firewalls on the way", op.Addr)
	}
	return fmt.Sprintf("nothing takes connections at %s: check that PostgreSQL runs there, and the host and port in the URL", op.Addr)
}
