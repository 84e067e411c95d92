package api

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// The answers are appended, key by key in the order of the wire: a bulk answer
// has tens of thousands of them, and this costs a tenth of what reflection
// does.

// appendString appends a JSON string.
func appendString(b []byte, s string) []byte {
	// AppendQuote's only error is invalid UTF-8, which it replaces; what is
	// stored was checked.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

func appendText(b []byte, t addressbook.Text) []byte {
	if !t.Given {
		return append(b, "null"...)
	}
	return appendString(b, t.Value)
}

// appendItem appends the beginning of an item, up to where its data follows
// and a closing brace. A wire of status 200 is a success.
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

// successItem is the beginning of an item that went well.
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

// contactEncoder appends contacts of one account.
type contactEncoder struct {
	accountSID []byte // as a JSON string
	uri        string // of the contacts, up to the sid
	dates      dateEncoder
}

func newContactEncoder(acct account.Account) *contactEncoder {
	return &contactEncoder{
		accountSID: appendString(nil, acct.SID),
		uri:        contactsPath(acct) + "/",
		dates:      dateEncoder{zone: acct.TimeZone},
	}
}

// contactsPath is the path of the account's contacts, without a host, as it
// stands in answers.
func contactsPath(acct account.Account) string {
	return "/v2/accounts/" + acct.SID + "/contacts"
}

// append appends a contact with all its twelve keys.
func (e *contactEncoder) append(b []byte, c *addressbook.Contact) []byte {
	b = append(b, `{"sid":"`...)
	b = c.SID.AppendTo(b)
	b = append(b, `","date_created":"`...)
	created := len(b)
	b = e.dates.append(b, c.Created)
	createdEnd := len(b)
	b = append(b, `","date_updated":"`...)
	if c.Updated.Equal(c.Created) {
		b = append(b, b[created:createdEnd]...)
	} else {
		b = e.dates.append(b, c.Updated)
	}
	b = append(b, `","account_sid":`...)
	b = append(b, e.accountSID...)
	b = append(b, `,"number":"`...)
	b = c.Number.AppendTo(b)
	b = append(b, `","first_name":`...)
	b = appendText(b, c.FirstName)
	b = append(b, `,"last_name":`...)
	b = appendText(b, c.LastName)
	b = append(b, `,"company_name":`...)
	b = appendText(b, c.CompanyName)
	b = append(b, `,"email":`...)
	b = appendText(b, c.Email)
	b = append(b, `,"tag":`...)
	b = appendText(b, c.Tag)
	b = append(b, `,"custom_field":`...)
	if c.CustomField == "" {
		b = append(b, "null"...)
	} else {
		b = append(b, c.CustomField...)
	}
	b = append(b, `,"uri":"`...)
	b = append(b, e.uri...)
	b = c.SID.AppendTo(b)
	return append(b, `"}`...)
}

// dateEncoder appends dates as RFC 3339 with nanoseconds, trailing zeros
// trimmed, in one zone. Contacts of one request share the second, so all but
// the fraction is formatted once.
type dateEncoder struct {
	zone   *time.Location
	second int64
	head   []byte // up to the seconds
	tail   []byte // the offset
}

func (e *dateEncoder) append(b []byte, t time.Time) []byte {
	if second := t.Unix(); second != e.second || e.head == nil {
		e.second = second
		local := time.Unix(second, 0).In(e.zone)
		e.head = local.AppendFormat(e.head[:0], "2006-01-02T15:04:05")
		e.tail = local.AppendFormat(e.tail[:0], "Z07:00")
	}
	b = append(b, e.head...)
	if nanos := t.Nanosecond(); nanos != 0 {
		b = append(b, '.')
		for unit := int(time.Second) / 10; nanos != 0; unit /= 10 {
			b = append(b, byte('0'+nanos/unit))
			nanos %= unit
		}
	}
	return append(b, e.tail...)
}
