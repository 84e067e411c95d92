package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// client sends requests to one account.
type client struct {
	http  *http.Client
	url   *url.URL // the account's
	auth  credentials
	conns []conn      // of each of those who post contacts at once
	known []data      // contacts from all over the account
	list  string      // a list with all of those in it
	last  string      // the cursor of the last page
	spare chan string // sids of contacts that may be deleted; nil outside of the load
}

// newClient returns a client with which so many may post contacts at once.
func newClient(s *server, auth credentials, posters int) *client {
	return &client{
		http:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}},
		url:   s.url.JoinPath("v2/accounts", auth.Account),
		auth:  auth,
		conns: make([]conn, posters),
	}
}

// Of an answer, what anybody here looks at.
type (
	data struct {
		SID, Number, Status string
		Stats               struct{ Success int }
		Summary             struct {
			Upload string `json:"upload_id"`
		}
	}
	item  struct{ Response struct{ Data data } }
	items struct {
		Metadata struct {
			Cursor string `json:"next_cursor"`
		}
		Response []struct{ Data data }
	}
)

// errShed means that the server told a client to come again later.
var errShed = errors.New("the server sheds load")

func (c *client) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, http.MethodGet, path, "", http.StatusOK, into)
}

// do sends a request with JSON, or none.
func (c *client) do(ctx context.Context, method, path, body string, want int, into any) error {
	return c.send(ctx, method, c.url.String()+path, "application/json", strings.NewReader(body), want, into)
}

// send reads the answer into a value, unless that is nil. The error is errShed at a
// 429 or 503 that tells when to come again. In the load, every other request that
// writes has an Idempotency-Key.
func (c *client) send(ctx context.Context, method, url, contentType string, body io.Reader, want int, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	req.SetBasicAuth(c.auth.Key, c.auth.Token)
	req.Header.Set("Content-Type", contentType)
	if n := rand.Uint64(); c.spare != nil && method != http.MethodGet && n%2 == 0 {
		req.Header.Set("Idempotency-Key", fmt.Sprint(n))
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode != want && res.Header.Get("Retry-After") != "":
		return errShed
	case res.StatusCode != want:
		beginning, _ := io.ReadAll(io.LimitReader(res.Body, 300))
		return fmt.Errorf("%s %s: %s, want %d: %s", method, req.URL.Path, res.Status, want, beginning)
	case into != nil:
		err = json.NewDecoder(res.Body).Decode(into)
	}
	_, rest := io.Copy(io.Discard, res.Body)
	return errors.Join(err, rest)
}

// fill makes an account with contacts, finds some of them and a cursor, and makes a
// list of those.
func (l *lab) fill(ctx context.Context, s *server, sid string, contacts int) (*client, error) {
	progress("making %s contacts", grouped(contacts))
	auth, err := l.account(ctx, s.db, sid)
	if err != nil {
		return nil, err
	}
	c := newClient(s, auth, 4)
	_, err = load{len(c.conns), contacts / bulk, noLimit, 0, func(ctx context.Context, poster, _ int) error {
		return c.post(ctx, poster, l.made.body(bulk), bulk)
	}}.run(ctx)
	var references []string
	for i := range 10 {
		var page items
		err = errors.Join(err, c.get(ctx, fmt.Sprintf("/contacts?limit=100&offset=%d", i*(contacts-100)/9), &page))
		for _, item := range page.Response {
			c.known = append(c.known, item.Data)
			references = append(references, fmt.Sprintf(`{"contact_sid":%q}`, item.Data.SID))
		}
	}
	var page, lists items
	err = errors.Join(err, c.get(ctx, fmt.Sprintf("/contacts?limit=20&offset=%d", contacts-40), &page),
		c.do(ctx, http.MethodPost, "/lists", `{"lists":[{"name":"some"}]}`, http.StatusMultiStatus, &lists))
	if err != nil {
		return c, err
	}
	c.last, c.list = page.Metadata.Cursor, lists.Response[0].Data.SID
	return c, c.do(ctx, http.MethodPost, "/lists/"+c.list+"/contacts", `{"contact_references":[`+strings.Join(references, ",")+`]}`, http.StatusMultiStatus, nil)
}

// upload sends a CSV file for a list of a type and returns the id of its upload, whose
// rows are worked after the answer.
func (c *client) upload(ctx context.Context, list, kind, file string) (id string, err error) {
	var form bytes.Buffer // writes into memory do not fail
	w := multipart.NewWriter(&form)
	_ = w.WriteField("list_name", list)
	_ = w.WriteField("type", kind)
	part, _ := w.CreateFormFile("file_name", "contacts.csv")
	_, _ = io.WriteString(part, file)
	_ = w.Close()
	var taken item
	err = c.send(ctx, http.MethodPost, c.url.String()+"/contacts/csv-upload", w.FormDataContentType(), &form, http.StatusOK, &taken)
	return taken.Response.Data.Summary.Upload, err
}

// awaitUpload waits until all rows of an upload are worked, of which so many must
// have become contacts.
func (c *client) awaitUpload(ctx context.Context, id string, rows int) error {
	for {
		var answer item
		err := c.get(ctx, "/csv-status/"+id, &answer)
		switch upload := answer.Response.Data; {
		case err != nil || upload.Status == "completed" && upload.Stats.Success == rows:
			return err
		case upload.Status != "in-progress":
			return fmt.Errorf("the upload of %d rows ended with %+v", rows, upload)
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// conn is a connection that posts contacts. The load runs on the server's own
// processors, and with an [http.Client] it would take nearly as much of them as a
// small request takes of the server.
type conn struct {
	net.Conn
	head   string // of every request, up to the length of its body
	reader *bufio.Reader
	answer []byte
}

// post creates contacts and checks that the server says it made every one.
func (c *client) post(ctx context.Context, poster int, body []byte, contacts int) (err error) {
	conn := &c.conns[poster]
	if conn.Conn == nil {
		if conn.Conn, err = new(net.Dialer).DialContext(ctx, "tcp", c.url.Host); err != nil {
			return err
		}
		conn.reader = bufio.NewReaderSize(conn.Conn, 16<<10)
		conn.head = fmt.Sprintf("POST %s/contacts HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\nContent-Type: application/json\r\nContent-Length: ",
			c.url.Path, c.url.Host, base64.StdEncoding.EncodeToString([]byte(c.auth.Key+":"+c.auth.Token)))
	}
	if _, err := (&net.Buffers{fmt.Appendf(nil, "%s%d\r\n\r\n", conn.head, len(body)), body}).WriteTo(conn.Conn); err != nil {
		return err
	}
	res, err := http.ReadResponse(conn.reader, nil)
	if err != nil {
		return err
	}
	length := int(max(0, res.ContentLength)) // which the server tells of what writes
	conn.answer = slices.Grow(conn.answer[:0], length)[:length]
	_, err = io.ReadFull(res.Body, conn.answer)
	// The counts stand near the beginning of an answer. To parse megabytes of JSON
	// here would take the processor away from the server.
	head := conn.answer[:min(len(conn.answer), 300)]
	if err == nil && (res.StatusCode != http.StatusMultiStatus || !bytes.Contains(head, fmt.Appendf(nil, `"success":%d}`, contacts))) {
		err = fmt.Errorf("the answer is %s: %s", res.Status, head)
	}
	return err
}

// contact is a made-up contact as the floor writes it.
type contact struct {
	number                                   int64 // E.164 without its plus
	first, last, company, email, tag, custom string
	sid                                      [16]byte // rises, as the server's do
	created                                  int64
}

// contacts makes contacts. Their numbers look random and never come twice: an
// arithmetic series would hide what an index by number costs, and a repeat would
// be answered as a duplicate. It is safe for concurrent use.
type contacts struct{ made atomic.Uint32 }

const (
	// Ten digits of which the first is 6 to 9: an Indian mobile number.
	firstMobile = 91_6_000_000_000
	mobiles     = 4_000_000_000
)

// number is the next one. The mixer of MurmurHash3 maps the 32-bit numbers one to
// one; the few beyond the last mobile are passed over.
func (c *contacts) number() int64 {
	for {
		n := c.made.Add(1)
		n = (n ^ n>>16) * 0x85ebca6b
		n = (n ^ n>>13) * 0xc2b2ae35
		if n ^= n >> 16; n < mobiles {
			return firstMobile + int64(n)
		}
	}
}

var (
	firstNames = strings.Fields("Aarav Asha Bhavna Chandra Deepika Farhan Gayatri Harish Indira Jyoti Karthik Lakshmi Meenakshi Nikhil Padma Rajeshwari Sandeep Tanvi Vikram आशा विक्रम")
	lastNames  = strings.Fields("Agarwal Banerjee Chatterjee Desai Fernandes Gupta Iyer Joshi Krishnamurthy Mehta Nair Patel Reddy Sharma Subramanian Venkatesan शर्मा")
	companies  = []string{"Anand Textiles Pvt Ltd", "Bharat Logistics", "Coromandel Foods", "Deccan Motors", "Ganga Finance Ltd", "Himalaya Clinics", "Kaveri Software", "Malabar Traders", "Narmada Power"}
	tags       = strings.Fields("Member Lead Customer Prospect Renewal")
	plans      = strings.Fields("gold silver basic trial")
	cities     = []string{"Bengaluru", "Chennai", "Hyderabad", "Kolkata", "Mumbai", "New Delhi", "Pune"}
)

func pick[T any](from []T) T { return from[rand.IntN(len(from))] }

func (c *contacts) contact() contact {
	made := contact{
		number: c.number(), first: pick(firstNames), last: pick(lastNames), company: pick(companies), tag: pick(tags),
		email:   fmt.Sprintf("user.%06x@mail.example.com", rand.IntN(1<<24)),
		custom:  fmt.Sprintf(`{"plan":%q,"address":{"city":%q,"pin":"%d"},"visits":%d}`, pick(plans), pick(cities), 110000+rand.IntN(700000), rand.IntN(300)),
		created: time.Now().UnixNano(),
	}
	binary.BigEndian.PutUint64(made.sid[:8], uint64(made.created))
	binary.BigEndian.PutUint32(made.sid[8:], c.made.Load())
	return made
}

// body returns a request with n new contacts.
func (c *contacts) body(n int) []byte {
	b := append(make([]byte, 0, 256*n), `{"contacts":`...)
	separator := '['
	for range n {
		m := c.contact()
		b = fmt.Appendf(b, `%c{"number":"+%d","first_name":%q,"last_name":%q,"company_name":%q,"email":%q,"tag":%q,"custom_field":%s}`,
			separator, m.number, m.first, m.last, m.company, m.email, m.tag, m.custom)
		separator = ','
	}
	return append(b, "]}"...)
}

// file returns a CSV file of so many contacts, with their numbers and five variables.
func (c *contacts) file(rows int) string {
	file := []byte("number,name,company,mail,kind,due date\n")
	for range rows {
		m := c.contact()
		file = fmt.Appendf(file, "+%d,%q,%q,%q,%q,\"2026-11-30\"\n", m.number, m.first+" "+m.last, m.company, m.email, m.tag)
	}
	return string(file)
}
