package addressbook

import (
	"fmt"
	"time"

	"callbook/internal/fault"
)

const (
	// MaxWaitingRequests is how many requests of one account may wait in a store
	// for their turn.
	MaxWaitingRequests = 1024
	// MaxWaitingScans is how many of them may be scans: those that go through all
	// contacts of the account.
	MaxWaitingScans = 64
)

// What a store answers to a request that is one too many.
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
