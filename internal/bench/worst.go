package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// worstLoad is one thing that an account's clients do again and again.
type worstLoad struct {
	name string
	do   func(ctx context.Context, client int) error
}

// unreadTime is how long a client keeps an answer that it does not read.
const unreadTime = 2 * time.Second

// withUnread adds to the loads what holds memory of the server, and everything at
// once, in which each client does one of the loads.
func (c *client) withUnread(loads []worstLoad, body func(int) []byte) []worstLoad {
	large := body(bulk)
	loads = append(loads,
		worstLoad{"unread pages", func(ctx context.Context, _ int) error {
			return c.unread(ctx, c.url+"?limit=5000")
		}},
		worstLoad{"unread exports", func(ctx context.Context, _ int) error {
			return c.unread(ctx, c.url+"/export?format=ndjson")
		}},
		worstLoad{"unfinished bodies", func(ctx context.Context, _ int) error {
			return c.unfinished(ctx, large)
		}},
	)
	each := loads
	return append(loads, worstLoad{"everything", func(ctx context.Context, i int) error {
		return each[i%len(each)].do(ctx, i/len(each))
	}})
}

// unread asks for something and reads nothing of the answer.
func (c *client) unread(ctx context.Context, url string) error {
	conn, err := c.send(ctx, http.MethodGet, url, nil, 0)
	if err != nil {
		return err
	}
	defer conn.Close()
	select {
	case <-time.After(unreadTime):
	case <-ctx.Done():
	}
	return nil
}

// unfinished sends a bulk request but for its last byte, and waits until the
// server answers all the same, or hangs up. Then it pauses, as who was refused does.
func (c *client) unfinished(ctx context.Context, body []byte) error {
	conn, err := c.send(ctx, http.MethodPost, c.url, body, 1)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_, _ = io.ReadFull(conn, make([]byte, 1)) // whatever it is
	select {
	case <-time.After(refusedPause):
	case <-ctx.Done():
	}
	return nil
}

// send writes a request, its body less the last bytes. That the server hangs up
// meanwhile is no error: it may.
func (c *client) send(ctx context.Context, method, url string, body []byte, less int) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(c.auth.Key, c.auth.Token)
	_, _ = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n", method, req.URL.RequestURI(), c.addr, req.Header.Get("Authorization"))
	if body != nil {
		_, _ = fmt.Fprintf(conn, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	_, _ = conn.Write(append([]byte("\r\n"), body[:max(0, len(body)-less)]...))
	return conn, nil
}
