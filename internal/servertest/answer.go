package servertest

import (
	"encoding/json"
	"testing"
)

// Bulk is the answer to a bulk write.
type Bulk struct {
	RequestID string `json:"request_id"`
	Metadata  struct{ Failed, Total, Success int }
	Response  []Item
}

// Page is the answer to a request for a page.
type Page struct {
	Metadata struct {
		Count, Offset, Limit, Total int
		PageSize                    int     `json:"page_size"`
		First                       *string `json:"first_page_uri"`
		Prev                        *string `json:"prev_page_uri"`
		Next                        *string `json:"next_page_uri"`
	}
	Response []Item
}

// Single is the answer about one thing, or the error of a whole request.
type Single struct {
	RequestID string `json:"request_id"`
	Response  Item
}

// Item is what became of one thing that was asked for.
type Item struct {
	Code   int
	Error  *Error `json:"error_data"`
	Status string
	Data   *Contact
}

// Error is the error of an item.
type Error struct {
	Code                 int
	Message, Description string
}

// Contact is a contact as the wire has it.
type Contact struct {
	SID         string
	DateCreated string `json:"date_created"`
	DateUpdated string `json:"date_updated"`
	AccountSID  string `json:"account_sid"`
	Number      string
	FirstName   *string `json:"first_name"`
	LastName    *string `json:"last_name"`
	CompanyName *string `json:"company_name"`
	Email       *string
	Tag         *string
	CustomField json.RawMessage `json:"custom_field"`
	URI         string
}

// Bulk reads the answer to a bulk write; another answer ends the test.
func (a Answer) Bulk(t testing.TB) Bulk {
	t.Helper()
	return read[Bulk](t, a, 207)
}

// Page reads a page; another answer ends the test.
func (a Answer) Page(t testing.TB) Page {
	t.Helper()
	return read[Page](t, a, 200)
}

// Contact reads the answer with one contact; another answer ends the test.
func (a Answer) Contact(t testing.TB) Contact {
	t.Helper()
	return *read[Single](t, a, 200).Response.Data
}

// Fault reads the answer to a request that failed as a whole; another status
// ends the test.
func (a Answer) Fault(t testing.TB, status int) Error {
	t.Helper()
	return *read[Single](t, a, status).Response.Error
}

func read[T any](t testing.TB, a Answer, status int) (v T) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("got status %d, want %d; body: %.500s", a.Status, status, a.Body)
	}
	if err := json.Unmarshal(a.Body, &v); err != nil {
		t.Fatalf("%v in %.500s", err, a.Body)
	}
	return v
}
