package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"callbook/internal/budget"
)

// TestDownloadsHoldNoTurn: an export that waits for its client has ended its turn,
// and has it again afterwards.
func TestDownloadsHoldNoTurn(t *testing.T) {
	t.Parallel()
	const account, other = 1, 2
	memory := budget.New(64<<20, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, share := memory.Begin(r.Context())
		defer share.End()
		if err := share.Admit(account); err != nil {
			t.Error(err)
		}
		memory.Turns().Note(other)
		if err := share.BeginTurn(ctx); err != nil {
			t.Error(err)
		}
		client := &clientOf{ResponseWriter: w, share: share, wrote: func() { memory.Turns().Note(other) }}
		if _, err := newDownload(client, r.WithContext(ctx), nil).Write([]byte("a row")); err != nil {
			t.Error(err)
		}
		if client.held || !share.EndTurn() {
			t.Errorf("a turn while the client is waited for: %t", client.held)
		}
	}))
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
}

// clientOf notes whether a turn was held when something was written to the client.
type clientOf struct {
	http.ResponseWriter
	share *budget.Share
	wrote func()
	held  bool
}

func (c *clientOf) Write(p []byte) (int, error) {
	c.held = c.share.EndTurn()
	defer c.wrote()
	return c.ResponseWriter.Write(p)
}

func (c *clientOf) Unwrap() http.ResponseWriter { return c.ResponseWriter }
