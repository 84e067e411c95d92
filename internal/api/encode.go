package api

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// Answers are encoded by appending key by key, in the order of the wire. A bulk answer
// has tens of thousands of keys, and appending costs a tenth of what reflection does.

// appendString appends a JSON string.
func appendString(b []byte, s string) []byte {
	// AppendQuote's only error is invalid UTF-8, which it replaces. Stored texts were
	// checked.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

func appendText(b []byte, t addressbook.Text) []byte {
	if !t.Given {
		return append(b, "null"...)
	}
	return appendString(b, t.Value)
}

// appendItem appends the beginning of an item. The item's data and a closing brace must
// follow. Status 200 means success.
func appendItem(b []byte, wire wireFault, detail string) []byte {
	b = append(b, `{"code":`...)
	b = strconv.AppendInt(b, int64(wire.status), 10)
	b = append(b, `,"error_data":{"code":`...)
	b = strconv.AppendInt(b, int64(wire.code), 10)
	b = append(b, `,"message":`...)
	b = appendString(b, wire.message)
	b = append(b, `,"description":`...)
	b = appendString(b, detail)
	return append(b, `},"status":"failed","data":`...)
}

// successItem is the beginning of an item that has succeeded.
const successItem = `{"code":200,"error_data":null,"status":"success","data":`

// appendMetadata appends the counts of a bulk write.
func appendMetadata(b []byte, failed, total int) []byte {
	b = append(b, `,"metadata":{"failed":`...)
	b = strconv.AppendInt(b, int64(failed), 10)
	b = append(b, `,"total":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	b = append(b, `,"success":`...)
	b = strconv.AppendInt(b, int64(total-failed), 10)
	return append(b, '}')
}

// encoder appends what belongs to one account.
type encoder struct {
	accountSID []byte // as a JSON string
	contacts   string // the path of the contacts, and a slash
	lists      string // the path of the lists, and a slash
	flows      string // the path of the flows, and a slash
	prompts    string // the path of the prompts, and a slash
	dates      dateEncoder
}

func newEncoder(acct account.Account) *encoder {
	return &encoder{
		accountSID: appendString(nil, acct.SID),
		contacts:   contactsPath(acct) + "/",
		lists:      listsPath(acct) + "/",
		flows:      flowsPath(acct) + "/",
		prompts:    promptsPath(acct) + "/",
		dates:      dateEncoder{zone: acct.TimeZone},
	}
}

// contactsPath returns the path of the account's contacts.
func contactsPath(acct account.Account) string {
	return "/v2/accounts/" + acct.SID + "/contacts"
}

// listsPath returns the path of the account's lists.
func listsPath(acct account.Account) string {
	return "/v2/accounts/" + acct.SID + "/lists"
}

// membersPath returns the path of a list's contacts.
func membersPath(acct account.Account, list addressbook.SID) string {
	return listsPath(acct) + "/" + list.String() + "/contacts"
}

// appendDates appends the dates of creation and of the last update.
func (e *encoder) appendDates(b []byte, created, updated time.Time) []byte {
	b = append(b, `"date_created":"`...)
	start := len(b)
	b = e.dates.append(b, created)
	end := len(b)
	b = append(b, `","date_updated":"`...)
	if updated.Equal(created) {
		b = append(b, b[start:end]...)
	} else {
		b = e.dates.append(b, updated)
	}
	return append(b, '"')
}

// appendHead appends the sid and the dates, with which a contact or a list begins.
func (e *encoder) appendHead(b []byte, sid addressbook.SID, created, updated time.Time) []byte {
	b = append(b, `{"sid":"`...)
	b = sid.AppendTo(b)
	b = append(b, `",`...)
	b = e.appendDates(b, created, updated)
	b = append(b, `,"account_sid":`...)
	return append(b, e.accountSID...)
}

// textKeys are the keys of a contact's texts, with their quotes, commas and colons.
var textKeys = func() (keys [addressbook.NumTextFields]string) {
	for i, text := range addressbook.TextFields {
		keys[i] = `,"` + string(text.Key) + `":`
	}
	return keys
}()

// contact appends a contact with all its keys.
func (e *encoder) contact(b []byte, c *addressbook.Contact) []byte {
	b = e.appendHead(b, c.SID, c.Created, c.Updated)
	b = append(b, `,"number":"`...)
	b = c.Number.AppendTo(b)
	b = append(b, '"')
	for i, key := range &textKeys {
		b = appendText(append(b, key...), c.Texts[i])
	}
	b = append(b, `,"custom_field":`...)
	if c.CustomField == "" {
		b = append(b, "null"...)
	} else {
		b = append(b, c.CustomField...)
	}
	b = append(b, `,"uri":"`...)
	b = append(b, e.contacts...)
	b = c.SID.AppendTo(b)
	return append(b, `"}`...)
}

// contactWithLists appends a contact with the additional key of its lists.
func (e *encoder) contactWithLists(b []byte, c *addressbook.Contact, lists []addressbook.ListRef) []byte {
	b = e.contact(b, c)
	b = append(b[:len(b)-1], `,"lists":[`...)
	for i := range lists {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendListRef(b, &lists[i])
	}
	return append(b, `]}`...)
}

func appendListRef(b []byte, l *addressbook.ListRef) []byte {
	b = append(b, `{"sid":"`...)
	b = l.SID.AppendTo(b)
	b = append(b, `","name":`...)
	b = appendString(b, l.Name)
	return append(b, '}')
}

// listTypes has the names of the types of lists on the wire.
var listTypes = map[addressbook.ListType]string{
	addressbook.Static:  "static",
	addressbook.Dynamic: "dynamic",
}

// list appends a list with all its nine keys.
func (e *encoder) list(b []byte, l *addressbook.List) []byte {
	b = e.appendHead(b, l.SID, l.Created, l.Updated)
	b = append(b, `,"name":`...)
	b = appendString(b, l.Name)
	b = append(b, `,"tag":`...)
	b = appendText(b, l.Tag)
	b = append(b, `,"contact_count":`...)
	b = strconv.AppendInt(b, int64(l.ContactCount), 10)
	b = append(b, `,"type":"`...)
	b = append(b, listTypes[l.Type]...)
	b = append(b, `","uri":"`...)
	b = append(b, e.lists...)
	b = l.SID.AppendTo(b)
	return append(b, `"}`...)
}

// membership appends a membership. Its sid is the contact's. It has both names of the
// list, because clients read either.
func (e *encoder) membership(b []byte, m *addressbook.Membership) []byte {
	b = append(b, `{"sid":"`...)
	b = m.Contact.AppendTo(b)
	b = append(b, `","contact_sid":"`...)
	b = m.Contact.AppendTo(b)
	b = append(b, `","list_id":"`...)
	b = m.List.AppendTo(b)
	b = append(b, `","list_sid":"`...)
	b = m.List.AppendTo(b)
	b = append(b, `","account_sid":`...)
	b = append(b, e.accountSID...)
	b = append(b, ',')
	b = e.appendDates(b, m.Created, m.Created)
	b = append(b, `,"uri":"`...)
	b = append(b, e.lists...)
	b = m.List.AppendTo(b)
	b = append(b, `/contacts/`...)
	b = m.Contact.AppendTo(b)
	return append(b, `"}`...)
}

// dateEncoder appends dates as RFC 3339 with nanoseconds, without trailing zeros, in a
// time zone. It caches the text of the last second, because the contacts of one request
// often share it.
type dateEncoder struct {
	zone   *time.Location
	second int64
	text   []byte // the last second, without a fraction
}

// dateHead is the length of the text before the fraction.
const dateHead = len("2006-01-02T15:04:05")

func (e *dateEncoder) append(b []byte, t time.Time) []byte {
	if second := t.Unix(); second != e.second || e.text == nil {
		e.second = second
		e.text = time.Unix(second, 0).In(e.zone).AppendFormat(e.text[:0], time.RFC3339)
	}
	b = append(b, e.text[:dateHead]...)
	if nanos := t.Nanosecond(); nanos != 0 {
		b = append(b, '.')
		for unit := int(time.Second) / 10; nanos != 0; unit /= 10 {
			b = append(b, byte('0'+nanos/unit))
			nanos %= unit
		}
	}
	return append(b, e.text[dateHead:]...)
}
