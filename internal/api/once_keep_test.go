package api_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestReceiptsKeep has a server that keeps answers for two days: a request that comes again
// is answered so long, and when there is no room for another answer, there is some then.
func TestReceiptsKeep(t *testing.T) {
	t.Parallel()
	const keep = 48 * time.Hour
	clock := clocktest.New(goldenTime)
	s := servertest.Start(t, servertest.Options{Clock: clock, ReceiptsKeep: keep, ReceiptQuota: 2000})
	keyed, body := s.Account("demo").Under("a-key"), servertest.Contacts(captain)
	first := keyed.Post(body)
	isReplay(t, keyed.Post(body), first)
	clock.Add(keep - 1)
	isReplay(t, keyed.Post(body), first)
	clock.Add(1)
	if anew := keyed.Post(body); anew.Status != 207 || anew.Header.Get("Idempotency-Replayed") != "" {
		t.Errorf("after two days, got %d %s", anew.Status, anew.Body)
	}

	full := s.Account("full")
	answer := full.Under("0").Post(body)
	for i := 1; answer.Status == 207 && i < 50; i++ {
		answer = full.Under(fmt.Sprint(i)).Post(body)
	}
	wait, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if answer.Status != 429 || err != nil || time.Duration(wait)*time.Second < keep {
		t.Errorf("got %d %v %s", answer.Status, answer.Header, answer.Body)
	}
}
