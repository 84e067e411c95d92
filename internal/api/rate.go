package api

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"callbook/internal/fault"
)

// limitRate counts an admitted request against the requests a minute of its account, and
// tells the client in headers what is left. Without a limit it does nothing.
func (a *API) limitRate(w http.ResponseWriter, r *http.Request) error {
	acct := accountOf(r)
	if acct.RequestsAMinute == 0 {
		return nil
	}
	left, ok := a.rates.Take(acct.ID, acct.RequestsAMinute)
	h := w.Header()
	// Set would write them in another case.
	h["X-RateLimit-Limit"] = []string{strconv.Itoa(acct.RequestsAMinute)}
	h["X-RateLimit-Remaining"] = []string{strconv.Itoa(left.Remaining)}
	h["X-RateLimit-Reset"] = []string{strconv.FormatInt(left.Reset.Add(time.Second-1).Unix(), 10)} // rounded up
	if ok {
		return nil
	}
	recordOf(r).Limited = true
	return &fault.Error{
		Kind:       fault.TooMany,
		Detail:     fmt.Sprintf("Your account may send %d requests a minute", acct.RequestsAMinute),
		RetryAfter: left.Wait,
	}
}
