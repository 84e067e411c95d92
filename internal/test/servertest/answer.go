package servertest

import (
	"bytes"
	"encoding/json"
	"testing"
)

// BulkOf is the answer to a bulk write of one kind of things.
type BulkOf[T any] struct {
	RequestID string `json:"request_id"`
	Metadata  struct{ Failed, Total, Success int }
	Response  []ItemOf[T]
}

// PageOf is the answer to a request for a page.
type PageOf[T any] struct {
	Metadata struct {
		Count, Offset, Limit, Total int
		PageSize                    int     `json:"page_size"`
		First                       *string `json:"first_page_uri"`
		Prev                        *string `json:"prev_page_uri"`
		Next                        *string `json:"next_page_uri"`
		Cursor                      *string `json:"next_cursor"`
	}
	Response []ItemOf[T]
}

// SingleOf is the answer about one thing, or the error of a whole request.
type SingleOf[T any] struct {
	RequestID string `json:"request_id"`
	Response  ItemOf[T]
}

// ItemOf is what became of one thing that was asked for.
type ItemOf[T any] struct {
	Code   int
	Error  *Error `json:"error_data"`
	Status string
	Data   *T
}

// The answers about contacts.
type (
	Bulk   = BulkOf[Contact]
	Page   = PageOf[Contact]
	Single = SingleOf[Contact]
	Item   = ItemOf[Contact]
)

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
	Lists       []ListRef // where they were asked for
}

// ListRef is a list as it stands with a contact.
type ListRef struct{ SID, Name string }

// List is a list as the wire has it.
type List struct {
	SID          string
	DateCreated  string `json:"date_created"`
	DateUpdated  string `json:"date_updated"`
	AccountSID   string `json:"account_sid"`
	Name         string
	Tag          *string
	ContactCount int `json:"contact_count"`
	Type         string
	URI          string
}

// Membership is that of a contact in a list as the wire has it.
type Membership struct {
	SID         string
	ContactSID  string `json:"contact_sid"`
	ListID      string `json:"list_id"`
	ListSID     string `json:"list_sid"`
	AccountSID  string `json:"account_sid"`
	DateCreated string `json:"date_created"`
	DateUpdated string `json:"date_updated"`
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

// BulkLists reads the answer to a bulk write of lists; another answer ends the
// test.
func (a Answer) BulkLists(t testing.TB) BulkOf[List] {
	t.Helper()
	return read[BulkOf[List]](t, a, 207)
}

// BulkMembers reads the answer to a bulk write of memberships; another answer
// ends the test.
func (a Answer) BulkMembers(t testing.TB) BulkOf[Membership] {
	t.Helper()
	return read[BulkOf[Membership]](t, a, 207)
}

// ListPage reads a page of lists; another answer ends the test.
func (a Answer) ListPage(t testing.TB) PageOf[List] {
	t.Helper()
	return read[PageOf[List]](t, a, 200)
}

// List reads the answer with one list; another answer ends the test.
func (a Answer) List(t testing.TB) List {
	t.Helper()
	return *read[SingleOf[List]](t, a, 200).Response.Data
}

// Member reads the answer with one membership; another answer ends the test.
func (a Answer) Member(t testing.TB) Membership {
	t.Helper()
	return *read[SingleOf[Membership]](t, a, 200).Response.Data
}

// Fault reads the answer to a request that failed as a whole; another status
// ends the test. Those about campaigns are in an array.
func (a Answer) Fault(t testing.TB, status int) Error {
	t.Helper()
	if bytes.Contains(a.Body, []byte(`"response":[`)) {
		return *read[struct{ Response [1]ItemOf[json.RawMessage] }](t, a, status).Response[0].Error
	}
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
