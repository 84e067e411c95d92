package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/phone"
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
	u, err := url.Parse(s.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	return newClient(&server{url: u}, credentials{Account: "demo", Key: "key", Token: "token"}, 1), dialled
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
	for _, size := range []int{0, 300, 16 << 10, 3 << 20} {
		for _, pad = range []int{0, 500, 16 << 10, 3 << 20} {
			body = bytes.Repeat([]byte("x"), size)
			if err := c.post(t.Context(), 0, body, 7); err != nil {
				t.Fatalf("%d bytes, and %d more in the answer: %v", size, pad, err)
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
		want   string
	}{
		"another status":  {200, `{"failed":0,"success":1}`, "the answer is 200"},
		"a contact fails": {207, `{"failed":1,"success":0}`, "the answer is 207"},
		"another contact": {207, `{"failed":0,"success":11}`, "the answer is 207"},
		"no count":        {207, `{}`, "the answer is 207"},
		"not in its head": {207, strings.Repeat(" ", 300) + `{"failed":0,"success":1}`, "the answer is 207"},
		"nothing":         {207, ``, "the answer is 207"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := answered(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			if err := c.post(t.Context(), 0, []byte("{}"), 1); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q", err, tt.want)
			}
		})
	}
}

// TestRun: a load does each request once, counts what is refused apart, keeps its
// pace and ends with the first error.
func TestRun(t *testing.T) {
	var seen [100]atomic.Int32
	got, err := load{7, 100, noLimit, 0, func(_ context.Context, client, i int) error {
		seen[i].Add(1)
		if i%10 == 0 {
			return fmt.Errorf("wrapped: %w", errShed)
		}
		return nil
	}}.run(t.Context())
	if err != nil || len(got.times) != 90 || got.refused != 10 {
		t.Errorf("%d were done and %d refused, want 90 and 10 (%v)", len(got.times), got.refused, err)
	}
	for i := range seen {
		if n := seen[i].Load(); n != 1 {
			t.Errorf("request %d was sent %d times", i, n)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		got, err := load{50, noLimit, 100 * time.Millisecond, 100, func(context.Context, int, int) error { return nil }}.run(t.Context())
		if err != nil || len(got.times) != 10 {
			t.Errorf("%d requests were sent in a tenth of a second, at 100 a second (%v)", len(got.times), err)
		}
	})
	bad := errors.New("bad")
	if _, err := (load{3, noLimit, noLimit, 0, func(context.Context, int, int) error { return bad }}).run(t.Context()); !errors.Is(err, bad) {
		t.Errorf("the error is %v, want %v", err, bad)
	}
}

func TestNumbersAreUniqueAndRandom(t *testing.T) {
	var c contacts
	const n = 200_000
	numbers := make([]int64, n)
	rises := 0
	for i := range numbers {
		numbers[i] = c.number()
		if i > 0 && numbers[i] > numbers[i-1] {
			rises++
		}
		if numbers[i] < firstMobile || numbers[i] >= firstMobile+mobiles {
			t.Fatalf("%d is no Indian mobile number", numbers[i])
		}
		if i < 1000 {
			if _, err := phone.ParseE164("+" + strconv.FormatInt(numbers[i], 10)); err != nil {
				t.Fatalf("%d: %v", numbers[i], err)
			}
		}
	}
	// Of a random series one half rises; 2 % are 18 standard deviations.
	if rises < n*48/100 || rises > n*52/100 {
		t.Errorf("%d of %d numbers are greater than the one before, want about half", rises, n)
	}
	tenths := make([]int, 10)
	for _, number := range numbers {
		tenths[(number-firstMobile)/(mobiles/10)]++
	}
	for i, count := range tenths {
		if count < n/10*9/10 || count > n/10*11/10 {
			t.Errorf("%d numbers are in part %d of ten, want about %d", count, i, n/10)
		}
	}
	slices.Sort(numbers)
	if left := len(slices.Compact(numbers)); left != n {
		t.Errorf("%d of %d numbers are repeats", n-left, n)
	}
}

func TestBody(t *testing.T) {
	body := new(contacts).body(bulk)
	var request struct {
		Contacts []map[string]any `json:"contacts"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		t.Fatal(err)
	}
	if len(request.Contacts) != bulk {
		t.Fatalf("the body has %d contacts, want %d", len(request.Contacts), bulk)
	}
	if len(body) < 1_100_000 || len(body) > 1_300_000 {
		t.Errorf("the body has %d bytes, want about 1.2 MB", len(body))
	}
	for _, key := range []string{"number", "first_name", "last_name", "company_name", "email", "tag"} {
		if s, ok := request.Contacts[0][key].(string); !ok || s == "" {
			t.Errorf("%s is %v, want some text", key, request.Contacts[0][key])
		}
	}
	custom, _ := request.Contacts[0]["custom_field"].(map[string]any)
	if _, nested := custom["address"].(map[string]any); !nested {
		t.Errorf("custom_field is %v, want an object in an object", custom)
	}
}

func TestFile(t *testing.T) {
	const rows = 1000
	file := new(contacts).file(rows)
	records, err := csv.NewReader(strings.NewReader(file)).ReadAll() // all of one length
	if err != nil || len(records) != 1+rows {
		t.Fatalf("the file has %d lines, want %d (%v)", len(records), 1+rows, err)
	}
	if each := len(file) / rows; each < 90 || each > 110 {
		t.Errorf("a row has %d bytes, want about 100", each)
	}
}

func TestSIDsRise(t *testing.T) {
	var c contacts
	last := c.contact()
	for i := range 10_000 {
		next := c.contact()
		if bytes.Compare(last.sid[:], next.sid[:]) >= 0 {
			t.Fatalf("sid %d does not rise", i)
		}
		last = next
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for _, test := range []struct {
		all  []time.Duration
		p    int
		want time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7}, 50, 7},
		{[]time.Duration{7}, 99, 7},
		{[]time.Duration{3, 1, 2}, 50, 2},
		{[]time.Duration{4, 3, 2, 1}, 50, 2},
		{[]time.Duration{4, 3, 2, 1}, 99, 4},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
	} {
		if got := percentile(test.all, test.p); got != test.want {
			t.Errorf("percentile %d of %d durations is %d, want %d", test.p, len(test.all), got, test.want)
		}
	}
}

func TestReport(t *testing.T) {
	var r report
	r.table("Some.", "what", "how many").add("this", 1234567.0)
	var b bytes.Buffer
	if err := r.write(&b, "sqlite"); err != nil {
		t.Fatal(err)
	}
	if want := "\nSome.\n  what   how many\n  this  1,234,567\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("got %q, want it to end with %q", &b, want)
	}
	for f, want := range map[float64]string{0: "0", 0.512: "0.512", 12.34: "12.3", 1234.5: "1,235", 999: "999", 1000: "1,000"} {
		if got := figure(f); got != want {
			t.Errorf("%v is shown as %q, want %q", f, got, want)
		}
	}
}
