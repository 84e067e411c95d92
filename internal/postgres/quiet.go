package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// quiet is an error whose text has no value of a row or a parameter in it. What it
// wraps is for errors.As alone.
type quiet struct {
	text string
	err  error
}

// Error implements error.
func (q *quiet) Error() string { return q.text }

// Unwrap returns the error as it came.
func (q *quiet) Unwrap() error { return q.err }

// speakingClasses are the classes of PostgreSQL's errors whose message names
// tables, constraints, hosts or files, and no values. A data exception (22), for
// one, quotes the value that it does not like.
var speakingClasses = []string{"08", "23", "25", "28", "3D", "40", "42", "53", "54", "55", "57", "58", "XX"}

// valuesFollow are the words of pgx after which it prints a value.
var valuesFollow = []string{"unable to encode", "cannot encode", "cannot scan", "can't scan into dest", "cannot parse"}

// withoutValues returns an error with the same chain whose text has no values in
// it: it goes into the log, which must have nothing of a contact.
func withoutValues(err error) error {
	text := err.Error()
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && !slices.Contains(speakingClasses, pg.Code[:min(2, len(pg.Code))]) {
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
