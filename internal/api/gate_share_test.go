package api

import (
	"errors"
	"sync"
	"testing"

	"callbook/internal/account"
)

// TestDownloadsLeaveRoom has accounts take all the downloads that they get, one
// after another. Eight cannot keep out a ninth.
func TestDownloadsLeaveRoom(t *testing.T) {
	t.Parallel()
	g := newGate()
	for account := account.ID(1); account <= 8; account++ {
		got := 0
		var err error
		for err == nil {
			if _, err = g.download(account); err == nil {
				got++
			}
		}
		if got < 1 || got > accountDownloads || account == 1 && got < accountDownloads || !errors.Is(err, errDownloads) {
			t.Errorf("account %d got %d downloads, then %v", account, got, err)
		}
	}
	done, err := g.download(9)
	if err != nil {
		t.Fatalf("a ninth account got %v", err)
	}
	done()
	for account := account.ID(9); err == nil; account++ {
		_, err = g.download(account)
	}
	if !errors.Is(err, errAllDownloads) || g.downloads.Free() != 0 {
		t.Errorf("got %v while %d places are free", err, g.downloads.Free())
	}
}

// TestDownloadsAtOnce: many requests of an account at the same moment get no more
// than it may have.
func TestDownloadsAtOnce(t *testing.T) {
	t.Parallel()
	for range 100 {
		g := newGate()
		start := make(chan struct{})
		var asked sync.WaitGroup
		for range maxDownloads {
			asked.Go(func() {
				<-start
				_, _ = g.download(1)
			})
		}
		close(start)
		asked.Wait()
		if got := g.downloads.Held(1); got != accountDownloads {
			t.Fatalf("an account got %d downloads, want %d", got, accountDownloads)
		}
	}
}
