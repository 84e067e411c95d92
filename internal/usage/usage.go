// Package usage counts the requests of accounts: how many succeeded, were refused
// or failed on each day.
//
// [Counter] counts in memory, so that no request waits, and stores the counts
// every few seconds. [Store] is what it needs of a database.
package usage

import (
	"context"
	"time"

	"callbook/internal/account"
)

// Outcome is the outcome of a request.
type Outcome uint8

// The outcomes.
const (
	Succeeded Outcome = iota
	Refused           // the caller's mistake: status 4xx
	Failed            // the server's mistake, or overload: status 5xx

	outcomes = 3
)

// outcomeOf returns the outcome of a request with this HTTP status.
func outcomeOf(status int) Outcome {
	switch {
	case status >= 500:
		return Failed
	case status >= 400:
		return Refused
	}
	return Succeeded
}

// Day has the requests of one day.
type Day struct {
	Date Date
	// Requests has a count for each outcome.
	Requests [outcomes]int
	// Codes counts the failed requests by the code of their answer, such as 1002. It
	// omits those without a code.
	Codes map[int]int
}

// Add adds a count to its day.
func (d *Day) Add(c Count) {
	d.Requests[c.Outcome] += c.Requests
	if c.Code == 0 {
		return
	}
	if d.Codes == nil {
		d.Codes = make(map[int]int)
	}
	d.Codes[c.Code] += c.Requests
}

// AddDay adds the counts of another day.
func (d *Day) AddDay(other Day) {
	for outcome, n := range other.Requests {
		d.Requests[outcome] += n
	}
	for code, n := range other.Codes {
		if d.Codes == nil {
			d.Codes = make(map[int]int)
		}
		d.Codes[code] += n
	}
}

// Succeeded, Refused and Failed are the counts of the day's outcomes.
func (d Day) Succeeded() int { return d.Requests[Succeeded] }
func (d Day) Refused() int   { return d.Requests[Refused] }
func (d Day) Failed() int    { return d.Requests[Failed] }

// Total returns how many requests there were.
func (d Day) Total() int { return d.Requests[Succeeded] + d.Requests[Refused] + d.Requests[Failed] }

// Date is a day in the account's time zone, as the number of days since 1 January
// 1970.
type Date int

// dateOf returns the date of t in its location.
func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// Time returns midnight at the day's beginning, UTC.
func (d Date) Time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// Count is a number of requests of one account with one outcome and code on one day.
type Count struct {
	Account  account.ID // the account's own id
	Date     Date
	Outcome  Outcome
	Code     int // the code of the error, below 3,200; 0 means none
	Requests int
}

// codeStep is the factor of the code in a stored number; see [Count.Stored].
const codeStep = 10

// Stored returns the outcome and the code as one number, which fits into 16 bits: in
// decimal, the last digit is the outcome.
func (c Count) Stored() int16 { return int16(c.Code*codeStep + int(c.Outcome)) }

// SetStored sets the outcome and the code to those that [Count.Stored] returned.
func (c *Count) SetStored(stored int) {
	c.Code, c.Outcome = stored/codeStep, Outcome(stored%codeStep)
}

// Store is what [Counter] needs of a database. Its methods are safe for concurrent
// use, also by several processes.
type Store interface {
	// AddRequests adds counts to the stored ones, in one transaction.
	AddRequests(ctx context.Context, counts []Count) error
	// Requests returns the account's days from from to to, both included, by
	// date. It omits days without requests.
	Requests(ctx context.Context, account account.ID, from, to Date) ([]Day, error)
	// ForgetRequests deletes the days before this one, of all accounts.
	ForgetRequests(ctx context.Context, before Date) error
}
