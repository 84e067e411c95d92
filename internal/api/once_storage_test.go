package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock/clocktest"
	"callbook/internal/journal"
	"callbook/internal/test/servertest"
)

// manyContacts is a request to create n contacts.
func manyContacts(n int, custom string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"number":"+9198765%05d","first_name":"Asha","email":"asha.%d@example.com","custom_field":%s}`, i, i, custom)
	}
	return `{"contacts":[` + b.String()[1:] + `]}`
}

// startKeyed starts a server and tells its store of receipts, and the account's
// id.
func startKeyed(t *testing.T, opts servertest.Options) (*servertest.Client, journal.Store, account.ID) {
	t.Helper()
	var store journal.Store
	opts.Receipts = func(s journal.Store) journal.Store {
		store = s
		return s
	}
	s := servertest.Start(t, opts)
	c := s.Account("demo")
	accounts, err := s.Directory.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c, store, accounts[0].ID
}

// TestLargeAnswersAreKeptSmall: what is kept of an answer is a part of it, and
// it is given again to the byte, whatever became of the contacts.
func TestLargeAnswersAreKeptSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	t.Parallel()
	c, store, account := startKeyed(t, servertest.Options{})
	body := manyContacts(3000, `{"note":"`+strings.Repeat("a long text, ", 200)+`"}`)
	first := c.Under("large").Send("POST", "/contacts", body)
	if done := first.Bulk(t).Metadata.Success; done != 3000 || len(first.Body) < 8<<20 {
		t.Fatalf("%d contacts, %d bytes", done, len(first.Body))
	}
	total, err := store.ReceiptTotal(t.Context(), account)
	if err != nil || total.Receipts != 1 || total.Bytes > int64(len(first.Body))/8 {
		t.Errorf("of %d bytes are kept %+v, %v", len(first.Body), total, err)
	}
	if done := c.Send("POST", "/contacts?on_duplicate=update", manyContacts(3000, `{"note":"changed"}`)); done.Status != 207 {
		t.Fatalf("got %d", done.Status)
	}
	isReplay(t, c.Under("large").Send("POST", "/contacts", body), first)
}

// TestAnswersOfEarlierVersions are stored as they are.
func TestAnswersOfEarlierVersions(t *testing.T) {
	t.Parallel()
	c, store, account := startKeyed(t, servertest.Options{})
	const path, request = "/contacts/0198f2c4a1b27d3e9f405162738495a6", `{"tag":"New"}`
	h := sha256.New()
	fmt.Fprintf(h, "PUT %s?\n%s", c.Path(path), request)
	first := servertest.Answer{Status: 404, Body: []byte(`{"request_id":"0123456789abcdef0123456789abcdef","method":"PUT","http_code":404,` +
		`"response":{"code":404,"error_data":{"code":1000,"message":"Not Found","description":"x"},"status":"failed","data":null` +
		strings.Repeat(" ", 3<<20) + `}}`)}
	err := store.AddReceipt(t.Context(), account, journal.Receipt{
		Key: "old", Request: [32]byte(h.Sum(nil)), Status: first.Status, Body: first.Body, Created: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := c.Under("old").Send("PUT", path, request)
	if got.Header.Get("Idempotency-Replayed") != "true" || got.Status != first.Status || !bytes.Equal(got.Body, first.Body) ||
		got.Header.Get("X-Request-Id") != "0123456789abcdef0123456789abcdef" {
		t.Errorf("got %d %v %.200s", got.Status, got.Header, got.Body)
	}
}

// TestDamagedAnswer: an answer that cannot be read any more ends the connection,
// and is never a success that is short.
func TestDamagedAnswer(t *testing.T) {
	t.Parallel()
	c, store, account := startKeyed(t, servertest.Options{})
	request := manyContacts(1000, `{}`)
	first := c.Under("a").Send("POST", "/contacts", request)
	kept, err := store.Receipt(t.Context(), account, "a")
	if err != nil || first.Status != 207 {
		t.Fatal(first.Status, err)
	}
	kept.Key = "b"
	kept.Body[len(kept.Body)-1] ^= 1 // of the checksum
	if err := store.AddReceipt(t.Context(), account, kept); err != nil {
		t.Fatal(err)
	}
	if answer, err := c.Under("b").Try("POST", c.Path("/contacts"), strings.NewReader(request)); err == nil {
		t.Errorf("got %d, %d bytes", answer.Status, len(answer.Body))
	}
}

// TestQuotaOfAnswers: when the answers that are kept take all they may, a request
// with a new key is refused and not done; what is kept stays, until it expires.
func TestQuotaOfAnswers(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(goldenTime)
	c, store, account := startKeyed(t, servertest.Options{Clock: clock, ReceiptQuota: 3000})
	other := c // the same account, with no key
	create := func(i int) (string, string) {
		return fmt.Sprint("key-", i), fmt.Sprintf(`{"contacts":[{"number":"98765432%02d"}]}`, i)
	}
	var answers []servertest.Answer
	for i := 0; ; i++ {
		key, body := create(i)
		answer := c.Under(key).Send("POST", "/contacts", body)
		if answer.Status != 207 {
			fault := answer.Fault(t, 429)
			if fault.Code != 1429 || !strings.Contains(fault.Description, "Idempotency-Key") {
				t.Errorf("got %+v", fault)
			}
			if wait, _ := strconv.Atoi(answer.Header.Get("Retry-After")); wait < 24*3600 || wait > 25*3600 {
				t.Errorf("Retry-After is %d", wait)
			}
			break
		}
		answers = append(answers, answer)
		if len(answers) > 50 {
			t.Fatal("nothing is refused")
		}
	}
	n := len(answers)
	for _, refused := range []string{"PUT /contacts", "POST /lists", "POST /contacts/csv-upload", "DELETE /csv-uploads/0"} {
		body := map[string]string{"POST /lists": `{"lists":[{"name":"New"}]}`, "PUT /contacts": `{"contacts":[{"sid":"x"}]}`}[refused]
		if body == "" {
			body = "number\n9876543297\n"
		}
		if got := sendKeyed(c.Under("new"), refused, body); got.Status != 429 {
			t.Errorf("%s: got %d %s", refused, got.Status, got.Body)
		}
	}
	for i, answer := range answers {
		key, body := create(i)
		isReplay(t, c.Under(key).Send("POST", "/contacts", body), answer)
	}
	key, body := create(n)
	if got := other.Send("POST", "/contacts", body); got.Bulk(t).Metadata.Success != 1 {
		t.Errorf("without a key: got %s", got.Body)
	}
	clock.Add(journal.Lifetime + time.Second)
	// The server deletes them too, since its clock has moved.
	if deleted, err := store.DeleteReceipts(context.WithoutCancel(t.Context()), clock.Now().Add(-journal.Lifetime), 100); err != nil || deleted > n {
		t.Errorf("%d were deleted, %v; want %d at most", deleted, err, n)
	}
	if total, err := store.ReceiptTotal(t.Context(), account); err != nil || total != (journal.Total{}) {
		t.Errorf("the total is %+v, %v", total, err)
	}
	if got := c.Under(key).Send("POST", "/contacts", body); got.Status != 207 {
		t.Errorf("with room: got %s", got.Body)
	}
}
