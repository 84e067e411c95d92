package storetest

import (
	"context"
	"sync"
	"testing"

	"callbook/internal/account"
	"callbook/internal/usage"
)

// UsageStores are the stores of one database that count requests.
type UsageStores struct {
	Accounts account.Store
	Usage    usage.Store
}

// Usage runs the contract of [usage.Store]. Open gives each test a database of
// its own.
func Usage(t *testing.T, open func(t *testing.T) UsageStores) {
	run(t, open, []test[UsageStores]{
		{"count requests", countRequests},
		{"forget requests", forgetRequests},
		{"count requests at once", countAtOnce},
		{"all or nothing", countAllOrNothing},
	})
}

func (s UsageStores) days(t *testing.T, account account.ID, from, to usage.Date, want ...usage.Day) {
	t.Helper()
	got, err := s.Usage.Requests(t.Context(), account, from, to)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "days", got, want)
}

func (s UsageStores) add(t *testing.T, counts ...usage.Count) {
	t.Helper()
	if err := s.Usage.AddRequests(t.Context(), counts); err != nil {
		t.Fatal(err)
	}
}

func countRequests(t *testing.T, s UsageStores) {
	acme, other := addAccount(t, s.Accounts, "acme").ID, addAccount(t, s.Accounts, "other").ID
	s.days(t, acme, 0, 30_000)
	s.add(t)
	s.add(t,
		usage.Count{Account: acme, Date: 20_001, Outcome: usage.Refused, Requests: 2},
		usage.Count{Account: acme, Date: 20_000, Outcome: usage.Succeeded, Requests: 5},
		usage.Count{Account: other, Date: 20_000, Outcome: usage.Succeeded, Requests: 100},
		usage.Count{Account: acme, Date: 20_000, Outcome: usage.Failed, Requests: 1},
		usage.Count{Account: acme, Date: 20_001, Outcome: usage.Refused, Code: 1002, Requests: 3},
		usage.Count{Account: acme, Date: 20_001, Outcome: usage.Refused, Code: 1000, Requests: 1},
		usage.Count{Account: acme, Date: 20_001, Outcome: usage.Failed, Code: 1503, Requests: 4},
	)
	s.add(t, usage.Count{Account: acme, Date: 20_001, Outcome: usage.Refused, Code: 1002, Requests: 1})
	s.add(t, usage.Count{Account: acme, Date: 20_000, Outcome: usage.Succeeded, Requests: 7})
	first := usage.Day{Date: 20_000, Requests: [3]int{12, 0, 1}}
	second := usage.Day{Date: 20_001, Requests: [3]int{0, 7, 4}, Codes: map[int]int{1000: 1, 1002: 4, 1503: 4}}
	s.days(t, acme, 20_000, 20_001, first, second)
	s.days(t, acme, 0, 20_000, first)
	s.days(t, acme, 20_001, 20_001, second)
	s.days(t, acme, 20_002, 30_000)
}

func forgetRequests(t *testing.T, s UsageStores) {
	acme := addAccount(t, s.Accounts, "acme").ID
	for date := usage.Date(1); date <= 3; date++ {
		s.add(t, usage.Count{Account: acme, Date: date, Requests: 1})
	}
	if err := s.Usage.ForgetRequests(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	s.days(t, acme, 0, 10, usage.Day{Date: 3, Requests: [3]int{1, 0, 0}})
}

func countAtOnce(t *testing.T, s UsageStores) {
	acme := addAccount(t, s.Accounts, "acme").ID
	var adding sync.WaitGroup
	for range 8 {
		adding.Go(func() {
			for range 5 {
				if err := s.Usage.AddRequests(context.Background(), []usage.Count{{Account: acme, Date: 1, Requests: 1}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	adding.Wait()
	s.days(t, acme, 1, 1, usage.Day{Date: 1, Requests: [3]int{40, 0, 0}})
}

func countAllOrNothing(t *testing.T, s UsageStores) {
	acme := addAccount(t, s.Accounts, "acme").ID
	err := s.Usage.AddRequests(t.Context(), []usage.Count{{Account: acme, Date: 1, Requests: 1}, {Account: acme + 1000, Date: 1, Requests: 1}})
	if err == nil {
		t.Error("requests of no account were counted")
	}
	s.days(t, acme, 1, 1)
}
