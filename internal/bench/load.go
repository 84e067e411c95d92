package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// requestLimit is how long one request may take: the server gives up after
	// a minute.
	requestLimit = 90 * time.Second
	bufferBytes  = 64 << 10
	// smallBody is up to what length a body is copied, to be sent at once with
	// its head, and how much of an answer is read at once. In bytes.
	smallBody = 16 << 10
	// metadataBytes is how far into an answer the counts stand.
	metadataBytes = 300
)

// client sends requests to one account.
type client struct {
	http *http.Client
	addr string     // the server's host and port
	idle chan *conn // connections that wait for contacts to post
	url  string     // the account's contacts
	auth credentials
}

func newClient(serverURL string, auth credentials, concurrency int) *client {
	return &client{
		http: &http.Client{
			Timeout: requestLimit,
			Transport: &http.Transport{
				MaxIdleConnsPerHost: concurrency,
				DisableCompression:  true,
				ReadBufferSize:      bufferBytes,
				WriteBufferSize:     bufferBytes,
			},
		},
		addr: strings.TrimPrefix(serverURL, "http://"),
		idle: make(chan *conn, concurrency),
		url:  serverURL + "/v2/accounts/" + auth.Account + "/contacts",
		auth: auth,
	}
}

// close closes the connections that nobody uses.
func (c *client) close() {
	c.http.CloseIdleConnections()
	for {
		select {
		case nc := <-c.idle:
			nc.net.Close()
		default:
			return
		}
	}
}

// do sends a request and reads the whole answer into the buffer, which grows
// as needed and is returned.
func (c *client) do(ctx context.Context, method, url string, body, buf []byte, wantStatus int) ([]byte, error) {
	res, err := c.request(ctx, method, url, body)
	if err != nil {
		return buf, err
	}
	defer res.Body.Close()
	answer := bytes.NewBuffer(buf[:0])
	if _, err := answer.ReadFrom(res.Body); err != nil {
		return buf, fmt.Errorf("read the answer: %w", err)
	}
	buf = answer.Bytes()
	if res.StatusCode != wantStatus {
		return buf, fmt.Errorf("the answer is %s, want %d: %s", res.Status, wantStatus, beginning(buf))
	}
	return buf, nil
}

// request sends a request. The answer's body must be closed.
func (c *client) request(ctx context.Context, method, url string, body []byte) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(c.auth.Key, c.auth.Token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.http.Do(req)
}

// post creates contacts once; see conn.post.
func (c *client) post(ctx context.Context, body, buf []byte, contacts int) ([]byte, error) {
	err := c.lend(ctx, func(nc *conn) (err error) {
		buf, err = nc.post(body, buf, contacts)
		return err
	})
	return buf, err
}

// account is the URL of the account.
func (c *client) account() string { return strings.TrimSuffix(c.url, "/contacts") }

// lists is the URL of the account's lists.
func (c *client) lists() string { return c.account() + "/lists" }

// read reads the data of one resource into a value.
func (c *client) read(ctx context.Context, url string, data any) error {
	answer, err := c.get(ctx, url, nil)
	if err != nil {
		return err
	}
	parsed := struct{ Response struct{ Data any } }{}
	parsed.Response.Data = data
	if err := json.Unmarshal(answer, &parsed); err != nil {
		return fmt.Errorf("get %s: %w", url, err)
	}
	return nil
}

// total is how many items a collection has.
func (c *client) total(ctx context.Context, url string) (int, error) {
	answer, err := c.get(ctx, url+"?limit=1", nil)
	if err != nil {
		return 0, err
	}
	var page struct{ Metadata struct{ Total int } }
	if err := json.Unmarshal(answer, &page); err != nil {
		return 0, fmt.Errorf("get %s: %w", url, err)
	}
	return page.Metadata.Total, nil
}

// get reads one resource.
func (c *client) get(ctx context.Context, url string, buf []byte) ([]byte, error) {
	buf, err := c.do(ctx, http.MethodGet, url, nil, buf, http.StatusOK)
	if err != nil {
		return buf, fmt.Errorf("get %s: %w", url, err)
	}
	return buf, nil
}

func beginning(answer []byte) []byte { return answer[:min(len(answer), metadataBytes)] }

// successes is the count of successes in an answer's metadata, which stands
// near its beginning; -1 when it is not there. Parsing megabytes of JSON here
// would take the processor away from the server.
func successes(answer []byte) int {
	_, rest, found := bytes.Cut(beginning(answer), []byte(`"success":`))
	if !found {
		return -1
	}
	rest = bytes.TrimLeft(rest, " ")
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(rest[:end]))
	if err != nil {
		return -1
	}
	return n
}

// load is what a number of requests, or of the floor's transactions, did.
type load struct {
	latencies []time.Duration // of every request
	took      time.Duration   // from the first request to the last answer
}

// total sums up the turns of a scenario.
type total struct {
	latencies []time.Duration
	// rates are the requests a second of every turn. Their median counts: one
	// turn in which the disk stood still must not decide.
	rates []float64
}

func (t *total) add(turn load) {
	t.latencies = append(t.latencies, turn.latencies...)
	t.rates = append(t.rates, perSecond(len(turn.latencies), turn.took))
}

// errTooSlow means that the time was over before a single request.
var errTooSlow = errors.New("not one request was done in the time given")

// run posts the bodies, this many at a time, until all are answered or the
// time is over. It fails with the first answer that is wrong.
func (c *client) run(ctx context.Context, bodies [][]byte, contacts, concurrency int, limit time.Duration) (load, error) {
	latencies := make([]time.Duration, len(bodies))
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for range concurrency {
		group.Go(func() error {
			return c.lend(ctx, func(nc *conn) error {
				var buf []byte
				for time.Since(start) < limit {
					i := int(next.Add(1)) - 1
					if i >= len(bodies) {
						return nil
					}
					sent := time.Now()
					var err error
					if buf, err = nc.post(bodies[i], buf, contacts); err != nil {
						return err
					}
					latencies[i] = time.Since(sent)
				}
				return nil
			})
		})
	}
	if err := group.Wait(); err != nil {
		return load{}, err
	}
	done := min(int(next.Load()), len(bodies))
	if done == 0 {
		return load{}, errTooSlow
	}
	return load{latencies: latencies[:done], took: time.Since(start)}, nil
}
