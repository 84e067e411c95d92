package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// quiet is an error whose text holds no value of a row or a parameter. The error that
// it wraps is only for errors.Is and errors.As.
type quiet struct {
	text string
	err  error
}

// Error implements error.
func (q *quiet) Error() string { return q.text }

// Unwrap returns the original error.
func (q *quiet) Unwrap() error { return q.err }

// safeClasses are the classes of PostgreSQL's errors whose message may name tables,
// constraints, hosts or files, but holds no values. A data exception (class 22), by
// contrast, quotes the invalid value.
var safeClasses = []string{"08", "23", "25", "28", "3D", "40", "42", "53", "54", "55", "57", "58", "XX"}

// valuesFollow are the phrases of pgx that precede a value.
var valuesFollow = []string{"unable to encode", "cannot encode", "cannot scan", "can't scan into dest", "cannot parse"}

// withoutValues returns an error with the same chain whose text holds no values. Errors
// are logged, and the log must not contain data of contacts.
func withoutValues(err error) error {
	text := err.Error()
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && !slices.Contains(safeClasses, pg.Code[:min(2, len(pg.Code))]) {
		text = strings.ReplaceAll(text, pg.Error(), fmt.Sprintf("%s of the database (SQLSTATE %s)", pg.Severity, pg.Code))
		if pg.Message != "" {
			text = strings.ReplaceAll(text, pg.Message, "...")
		}
	}
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		text = strings.ReplaceAll(text, number.Error(), number.Err.Error())
	}
	for _, words := range valuesFollow {
		if before, _, found := strings.Cut(text, words); found {
			text = before + words + " a value"
		}
	}
	if text == err.Error() {
		return err
	}
	return &quiet{text, err}
}
