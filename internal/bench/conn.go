package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// conn is a connection that posts contacts. The load runs on the server's own
// processors, and with net/http it would take nearly as much of them as a small
// request takes of the server. So the head of the requests is made once, and of
// an answer's head only its status and length are read: what this leaves out,
// the server cannot tell. It is not safe for concurrent use.
type conn struct {
	net  net.Conn
	head []byte // of every request, up to the length of its body
	send []byte // the head of one request
}

// dial connects to the server.
func (c *client) dial(ctx context.Context) (*conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, c.url, nil)
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	req.SetBasicAuth(c.auth.Key, c.auth.Token)
	head := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: ",
		req.URL.Path, req.URL.Host, req.Header.Get("Authorization"))
	return &conn{net: nc, head: head}, nil
}

// lend gives f a connection, and closes it when ctx ends.
func (c *client) lend(ctx context.Context, f func(*conn) error) error {
	var nc *conn
	select {
	case nc = <-c.idle:
	default:
		var err error
		if nc, err = c.dial(ctx); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() { nc.net.Close() })
	err := f(nc)
	if !stop() {
		return errors.Join(context.Cause(ctx), err)
	}
	if err == nil {
		select {
		case c.idle <- nc:
			return nil
		default:
		}
	}
	return errors.Join(err, nc.net.Close())
}

// post creates contacts and checks that the server says it made every one. It
// reads the whole answer into the buffer, which grows as needed and is
// returned.
func (c *conn) post(body, buf []byte, contacts int) ([]byte, error) {
	status, buf, err := c.exchange(body, buf)
	switch {
	case err != nil:
		return buf, fmt.Errorf("create %d contacts: %w", contacts, err)
	case status != http.StatusMultiStatus:
		return buf, fmt.Errorf("create %d contacts: the answer is %d, want %d: %s", contacts, status, http.StatusMultiStatus, beginning(buf))
	}
	if made := successes(buf); made != contacts {
		return buf, fmt.Errorf("create %d contacts: the answer counts %d: %s", contacts, made, beginning(buf))
	}
	return buf, nil
}

// exchange sends a request and reads its answer.
func (c *conn) exchange(body, buf []byte) (status int, answer []byte, err error) {
	if err := c.net.SetDeadline(time.Now().Add(requestLimit)); err != nil {
		return 0, buf, err
	}
	c.send = strconv.AppendInt(append(c.send[:0], c.head...), int64(len(body)), 10)
	c.send = append(c.send, "\r\n\r\n"...)
	if len(body) <= smallBody {
		c.send = append(c.send, body...)
		_, err = c.net.Write(c.send)
	} else {
		_, err = (&net.Buffers{c.send, body}).WriteTo(c.net)
	}
	if err != nil {
		return 0, buf, fmt.Errorf("send the request: %w", err)
	}
	if status, buf, err = c.answer(buf); err != nil {
		return 0, buf, fmt.Errorf("read the answer: %w", err)
	}
	return status, buf, nil
}

// answer reads an answer of which the server tells the length, as it does of
// all to requests that write.
func (c *conn) answer(buf []byte) (status int, _ []byte, err error) {
	buf = slices.Grow(buf[:0], smallBody)
	var head, body []byte
	for found := false; !found; head, body, found = bytes.Cut(buf, []byte("\r\n\r\n")) {
		if len(buf) == cap(buf) {
			return 0, buf, errors.New("its head is too long")
		}
		n, err := c.net.Read(buf[len(buf):cap(buf)])
		if err != nil {
			return 0, buf, err
		}
		buf = buf[:len(buf)+n]
	}
	status, length, err := parseHead(head)
	if err != nil {
		return 0, buf, err
	}
	got := copy(buf, body)
	if got > length {
		return 0, buf, errors.New("more came than the answer")
	}
	buf = slices.Grow(buf[:got], length-got)[:length]
	_, err = io.ReadFull(c.net, buf[got:])
	return status, buf, err
}

// parseHead reads the status and the length of the body.
func parseHead(head []byte) (status, length int, err error) {
	line, headers, _ := bytes.Cut(head, []byte("\r\n"))
	version, line, _ := bytes.Cut(line, []byte(" "))
	code, _, _ := bytes.Cut(line, []byte(" "))
	if status, err = strconv.Atoi(string(code)); err != nil || string(version) != "HTTP/1.1" {
		return 0, 0, fmt.Errorf("it begins with %q", beginning(head))
	}
	for len(headers) > 0 {
		line, headers, _ = bytes.Cut(headers, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(": "))
		if string(name) == "Content-Length" { // as net/http's server spells it
			length, err = strconv.Atoi(string(value))
			return status, length, err
		}
	}
	return 0, 0, errors.New("it does not tell its length")
}
