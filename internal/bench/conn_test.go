package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// answered starts a server, and returns a client for it.
func answered(t *testing.T, answer http.HandlerFunc) (c *client, dialled *atomic.Int32) {
	dialled = new(atomic.Int32)
	s := httptest.NewUnstartedServer(answer)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			dialled.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c = newClient(s.URL, credentials{Account: "demo", Key: "key", Token: "token"}, 1)
	t.Cleanup(c.close)
	return c, dialled
}

// TestPost sends and gets what fits into a buffer and what does not, all over
// one connection.
func TestPost(t *testing.T) {
	var body []byte
	pad := 0
	c, dialled := answered(t, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		key, token, _ := r.BasicAuth()
		if err != nil || !bytes.Equal(got, body) || r.Method != "POST" || r.URL.Path != "/v2/accounts/demo/contacts" ||
			key != "key" || token != "token" || r.Header.Get("Content-Type") != "application/json" {
			http.Error(w, "not what was sent", http.StatusBadRequest)
			return
		}
		answer := fmt.Sprintf(`{"metadata":{"success":%d}}%s`, 7, strings.Repeat(" ", pad))
		w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
		w.WriteHeader(http.StatusMultiStatus)
		half := len(answer) / 2
		io.WriteString(w, answer[:half])
		w.(http.Flusher).Flush()
		io.WriteString(w, answer[half:])
	})
	var buf []byte
	for _, size := range []int{0, 300, smallBody, smallBody + 1, 3 << 20} {
		for _, pad = range []int{0, 500, smallBody - 200, smallBody, 3 << 20} {
			body = bytes.Repeat([]byte("x"), size)
			var err error
			if buf, err = c.post(t.Context(), body, buf, 7); err != nil {
				t.Fatalf("%d bytes, and %d more in the answer: %v", size, pad, err)
			}
			if want := len(`{"metadata":{"success":7}}`) + pad; len(buf) != want {
				t.Errorf("the answer has %d bytes, want %d", len(buf), want)
			}
		}
	}
	if n := dialled.Load(); n != 1 {
		t.Errorf("there were %d connections, want 1", n)
	}
}

// TestPostRefused: no other answer passes for a good one.
func TestPostRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		length bool
		want   string
	}{
		"another status":  {200, `{"success":1}`, true, "the answer is 200, want 207"},
		"a contact fails": {207, `{"success":0}`, true, "the answer counts 0"},
		"no count":        {207, `{}`, true, "the answer counts -1"},
		"no length":       {207, `{"success":1}`, false, "does not tell its length"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := answered(t, func(w http.ResponseWriter, r *http.Request) {
				if tt.length {
					w.Header().Set("Content-Length", fmt.Sprint(len(tt.body)))
				}
				w.WriteHeader(tt.status)
				w.(http.Flusher).Flush()
				io.WriteString(w, tt.body)
			})
			_, err := c.post(t.Context(), []byte("{}"), nil, 1)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q", err, tt.want)
			}
		})
	}
}
