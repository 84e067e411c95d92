// Package usage counts the requests of accounts: how many a day were done,
// refused and failed.
//
// [Counter] counts in memory, so that a request waits for nothing, and writes
// down what it has now and then; [Store] is what it needs of a database.
package usage

import (
	"context"
	"time"
)

// Outcome is what became of a request.
type Outcome uint8

// The outcomes.
const (
	Succeeded Outcome = iota // it was done
	Refused                  // the caller was wrong: a status of 4xx
	Failed                   // the server was wrong, or busy: 5xx

	outcomes = 3
)

// outcomeOf returns the outcome that an HTTP status tells.
func outcomeOf(status int) Outcome {
	switch {
	case status >= 500:
		return Failed
	case status >= 400:
		return Refused
	}
	return Succeeded
}

// Day is the requests of one day.
type Day struct {
	Date Date
	// Requests has a count for each outcome.
	Requests [outcomes]int
}

// Total is how many requests there were.
func (d Day) Total() int { return d.Requests[Succeeded] + d.Requests[Refused] + d.Requests[Failed] }

// Date is a day in the account's time zone, as the number of days since 1 January
// 1970.
type Date int

// dateOf returns the day that a moment is on in its location.
func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// Time returns midnight at the day's beginning, UTC.
func (d Date) Time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// Count is some requests of one account.
type Count struct {
	Account  int64 // the account's own id
	Date     Date
	Outcome  Outcome
	Requests int
}

// Store is what [Counter] needs of a database. All of it is safe for concurrent
// use, by several processes too.
type Store interface {
	// AddRequests adds to what is counted, all in one transaction.
	AddRequests(ctx context.Context, counts []Count) error
	// Requests returns the account's days from one to another, both included,
	// by date; those without requests are left out.
	Requests(ctx context.Context, account int64, from, to Date) ([]Day, error)
	// ForgetRequests removes the days of all accounts before this one.
	ForgetRequests(ctx context.Context, before Date) error
}
