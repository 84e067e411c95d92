package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	mixedAccounts = 3
	mixedContacts = 20_000 // in each account at the beginning
	mixedVisitors = 32     // clients, each of one account
	mixedBulk     = 100    // contacts in a bulk request
	mixedHeld     = 1000   // contacts that a visitor keeps, about
	mixedRows     = 500    // of a file that is imported
)

// mixed is requests of every kind, by several accounts.
type mixed struct {
	gen      *generator
	genMu    sync.Mutex
	visitors []*visitor
	keys     atomic.Int64
}

// visitor is a client that knows some contacts of its account. What it creates it
// deletes again, so that accounts stay as large as they are.
type visitor struct {
	*client
	mixed   *mixed
	browser *http.Client // signed in to the dashboard
	list    string
	form    []byte // of an import, always the same
	kind    string // the form's content type

	mu    sync.Mutex
	held  []string // sids
	known []known  // contacts that stay
}

// errShed means that the server told a client to come again later.
var errShed = errors.New("the server sheds load")

// newMixed fills accounts and signs their visitors in.
func (l *lab) newMixed(ctx context.Context, s *server) (*mixed, error) {
	m := &mixed{gen: l.gen}
	for i := range mixedAccounts {
		auth, err := s.newAccount(ctx, fmt.Sprint("mixed", i))
		if err != nil {
			return nil, err
		}
		c := newClient(s.url, auth, mixedVisitors)
		if _, err := c.run(ctx, l.gen.bodies(mixedContacts/bulk, bulk), bulk, 1, time.Hour); err != nil {
			return nil, err
		}
		marks, err := c.landmarks(ctx, mixedContacts)
		if err != nil {
			return nil, err
		}
		browser, err := s.signIn(ctx, auth)
		if err != nil {
			return nil, err
		}
		for v := i; v < mixedVisitors; v += mixedAccounts {
			form, kind, err := m.file(v)
			if err != nil {
				return nil, err
			}
			m.visitors = append(m.visitors, &visitor{client: c, mixed: m, browser: browser, list: marks.list, form: form, kind: kind, known: marks.contacts})
		}
	}
	return m, nil
}

// file is the form of a file that is imported again and again.
func (m *mixed) file(visitor int) (form []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	err = w.WriteField("list_name", fmt.Sprint("import ", visitor))
	part, err2 := w.CreateFormFile("file_name", "contacts.csv")
	if err := errors.Join(err, err2); err != nil {
		return nil, "", err
	}
	fmt.Fprintln(part, "number,first_name")
	for range mixedRows {
		fmt.Fprintf(part, "+%d,Asha\n", m.gen.number())
	}
	err = w.Close()
	return b.Bytes(), w.FormDataContentType(), err
}

var loginLink = regexp.MustCompile(`/signin/link/\S+`)

// signIn returns a browser that is signed in to the dashboard.
func (s *server) signIn(ctx context.Context, auth credentials) (*http.Client, error) {
	out, err := s.command(ctx, "login-link", "--account", auth.Account)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Jar: jar, Timeout: requestLimit, Transport: &http.Transport{MaxIdleConnsPerHost: mixedVisitors}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+loginLink.FindString(string(out)), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := browser.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("sign in: %s", res.Status)
	}
	return browser, nil
}

// visit makes one request of a random kind. The error is errShed for a 429 or 503
// that tells when to come again; any other answer than the good one is an error
// too.
func (v *visitor) visit(ctx context.Context, r *rand.Rand) error {
	some := pick(r, v.known)
	switch n := r.IntN(1000); {
	case n < 250:
		return v.create(ctx, r, 1)
	case n < 300:
		return v.create(ctx, r, mixedBulk)
	case n < 400:
		return v.remove(ctx)
	case n < 500:
		_, err := v.ask(ctx, http.MethodPut, v.url+"/"+some.SID, fmt.Appendf(nil, `{"number":%q,"tag":"t%d"}`, some.Number, n), http.StatusOK)
		return err
	case n < 700:
		_, err := v.ask(ctx, http.MethodGet, v.url+"/"+some.SID, nil, http.StatusOK)
		return err
	case n < 770:
		_, err := v.ask(ctx, http.MethodGet, v.url+"?limit=20", nil, http.StatusOK)
		return err
	case n < 800:
		_, err := v.ask(ctx, http.MethodGet, v.url+"?number=%2B"+strings.TrimPrefix(some.Number, "+"), nil, http.StatusOK)
		return err
	case n < 820:
		_, err := v.ask(ctx, http.MethodGet, fmt.Sprintf("%s?limit=20&q=nobody%d", v.url, n), nil, http.StatusOK)
		return err
	case n < 880:
		_, err := v.ask(ctx, http.MethodGet, v.lists()+"/"+v.list+"/contacts?limit=20", nil, http.StatusOK)
		return err
	case n < 930:
		body := fmt.Appendf(nil, `{"contact_references":[{"contact_sid":%q}]}`, some.SID)
		_, err := v.ask(ctx, http.MethodPost, v.lists()+"/"+v.list+"/contacts", body, http.StatusMultiStatus)
		return err
	case n < 990:
		page := pick(r, []string{"/", "/contacts", "/lists", "/imports", "/api"})
		return v.page(ctx, strings.TrimSuffix(v.url[:strings.Index(v.url, "/v2/")], "/")+page)
	case n < 997:
		return v.upload(ctx)
	default:
		_, err := v.ask(ctx, http.MethodGet, v.url+"/export", nil, http.StatusOK)
		return err
	}
}

// ask sends a request of the API, and some that write with an Idempotency-Key.
func (v *visitor) ask(ctx context.Context, method, url string, body []byte, want int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(v.auth.Key, v.auth.Token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		if n := v.mixed.keys.Add(1); n%2 == 0 {
			req.Header.Set("Idempotency-Key", fmt.Sprint("mixed-", n))
		}
	}
	return answerTo(v.http, req, want)
}

func answerTo(c *http.Client, req *http.Request, want int) ([]byte, error) {
	res, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: read the answer: %w", req.Method, req.URL.Path, err)
	case res.StatusCode == want:
		return body, nil
	case (res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable) && res.Header.Get("Retry-After") != "":
		return nil, errShed
	}
	return nil, fmt.Errorf("%s %s: %s, want %d: %s", req.Method, req.URL.Path, res.Status, want, beginning(body))
}

func (v *visitor) create(ctx context.Context, _ *rand.Rand, contacts int) error {
	v.mixed.genMu.Lock()
	body := v.mixed.gen.body(contacts)
	v.mixed.genMu.Unlock()
	answer, err := v.ask(ctx, http.MethodPost, v.url, body, http.StatusMultiStatus)
	if err != nil {
		return err
	}
	var made struct{ Response []struct{ Data known } }
	if err := json.Unmarshal(answer, &made); err != nil || len(made.Response) != contacts {
		return fmt.Errorf("%d items for %d contacts (%w)", len(made.Response), contacts, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, item := range made.Response {
		v.held = append(v.held, item.Data.SID)
	}
	return nil
}

// remove deletes one contact, or many when the visitor has too many.
func (v *visitor) remove(ctx context.Context) error {
	v.mu.Lock()
	n := min(len(v.held), 1)
	if len(v.held) > mixedHeld {
		n = len(v.held) - mixedHeld/2
	}
	gone := v.held[:n:n]
	v.held = v.held[n:]
	v.mu.Unlock()
	if n == 0 {
		return nil
	}
	body := []byte(`{"contacts":[`)
	for i, sid := range gone {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"sid":%q}`, sid)
	}
	_, err := v.ask(ctx, http.MethodDelete, v.url, append(body, "]}"...), http.StatusMultiStatus)
	if err != nil { // it is done by another request
		v.mu.Lock()
		v.held = append(v.held, gone...)
		v.mu.Unlock()
	}
	return err
}

// page opens a page of the dashboard.
func (v *visitor) page(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/html")
	_, err = answerTo(v.browser, req, http.StatusOK)
	return err
}

// upload imports a file; it is worked after the answer.
func (v *visitor) upload(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url+"/csv-upload", bytes.NewReader(v.form))
	if err != nil {
		return err
	}
	req.SetBasicAuth(v.auth.Key, v.auth.Token)
	req.Header.Set("Content-Type", v.kind)
	_, err = answerTo(v.http, req, http.StatusOK)
	return err
}
