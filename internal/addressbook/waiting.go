package addressbook

import (
	"fmt"
	"time"

	"callbook/internal/fault"
)

const (
	// MaxWaitingRequests bounds the requests of one account that wait in a store.
	MaxWaitingRequests = 1024
	// MaxWaitingScans bounds those of them that read all contacts of the account.
	MaxWaitingScans = 64
)

// Stores return these errors beyond the limits.
var (
	ErrManyRequests = &fault.Error{
		Kind:       fault.TooMany,
		Detail:     fmt.Sprintf("%d requests of this account wait already; send fewer at once", MaxWaitingRequests),
		RetryAfter: time.Second,
	}
	ErrManyScans = &fault.Error{
		Kind: fault.TooMany,
		Detail: fmt.Sprintf("%d requests of this account that search, sort or count all of its contacts wait already; send fewer at once",
			MaxWaitingScans),
		RetryAfter: time.Second,
	}
)
