package postgres

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// minCopyRows is how many contacts are copied rather than inserted. For that many
// it takes a quarter less of the database's time: it works on the first rows
// while the last are made, writes many of them at once, and keeps no array of
// them all.
const minCopyRows = 500

// copyStatement copies contacts.
var copyStatement = `COPY contacts (account_id, ` + rowColumns + `, upload) FROM STDIN BINARY`

// copyContacts adds contacts whose numbers are free, after what is in the queue.
// They are in the order of their numbers.
func (t *tx) copyContacts(contacts []*addressbook.Contact, mark int64) error {
	if t.batch.Len() > 0 {
		if err := t.flush(); err != nil {
			return err
		}
	}
	_, err := t.conn.PgConn().CopyFrom(t.ctx, newCopyReader(t.account, contacts, mark), copyStatement)
	return err
}

// copyAtOnce begins the transaction, adds contacts whose numbers are free, and
// commits it if it is to: all in one round trip, in the form of one query of
// several statements. A commit that nobody waits for any more is cancelled with
// the rest, as long as the database can.
func (t *tx) copyAtOnce(contacts []*addressbook.Contact, commit bool) error {
	t.batch = &pgx.Batch{} // its statements begin the transaction as these do
	script := []string{beginWrite, settings}
	if t.claim.Key != "" {
		script = append(script, withNumbers(claimKey, claimLock(t.account, t.claim.Key)))
	}
	if t.claim.Quota.Bytes > 0 {
		script = append(script, withNumbers(quotaCheck, int64(t.account), t.claim.Quota.Bytes))
	}
	script = append(script, copyStatement)
	if commit {
		script = append(script, withNumbers(countContacts, int64(t.account), int64(rand.IntN(countSlots)), int64(len(contacts))), `COMMIT`)
	}
	t.forgetWarnings()
	tag, err := t.conn.PgConn().CopyFrom(t.ctx, newCopyReader(t.account, contacts, 0), strings.Join(script, `;`))
	if err != nil || !commit {
		return err
	}
	t.ended = true
	return t.confirm(tag)
}

// withNumbers puts numbers in the places of a statement's parameters, which a
// query of several statements cannot have.
func withNumbers(statement string, numbers ...int64) string {
	for i, n := range numbers {
		statement = strings.ReplaceAll(statement, fmt.Sprintf("$%d", i+1), strconv.FormatInt(n, 10))
	}
	return statement
}

// PostgreSQL's binary format of rows: a signature, flags and an extension that
// has no bytes; for each row the number of its fields, and for each of them its
// length; at the end a number of fields that no row has.
const (
	copyBegin = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	copyEnd   = "\xff\xff"
)

// copyReader makes rows of contacts as they are sent.
type copyReader struct {
	account  account.ID
	mark     int64                  // of their upload; 0 for none
	contacts []*addressbook.Contact // still to come
	buffer   []byte
	sent     int // of the buffer
	ended    bool
}

func newCopyReader(account account.ID, contacts []*addressbook.Contact, mark int64) *copyReader {
	return &copyReader{account: account, mark: mark, contacts: contacts, buffer: append(make([]byte, 0, 96<<10), copyBegin...)}
}

// Read implements [io.Reader].
func (r *copyReader) Read(p []byte) (int, error) {
	if r.sent == len(r.buffer) {
		if r.ended {
			return 0, io.EOF
		}
		r.buffer, r.sent = r.buffer[:0], 0
	}
	for len(r.buffer)-r.sent < len(p) && !r.ended {
		if len(r.contacts) == 0 {
			r.buffer = append(r.buffer, copyEnd...)
			r.ended = true
			break
		}
		r.buffer = appendRow(r.buffer, r.account, r.contacts[0])
		if r.mark == 0 {
			r.buffer = appendNull(r.buffer)
		} else {
			r.buffer = appendInt(r.buffer, r.mark)
		}
		r.contacts = r.contacts[1:]
	}
	n := copy(p, r.buffer[r.sent:])
	r.sent += n
	return n, nil
}

// appendRow appends the account and rowColumns of a contact. The mark of its upload
// is to follow.
func appendRow(b []byte, account account.ID, c *addressbook.Contact) []byte {
	f := fold(&c.Texts)
	b = binary.BigEndian.AppendUint16(b, uint16(1+rowFields+1))
	b = appendInt(b, int64(account))
	b = append(appendLength(b, len(c.SID)), c.SID[:]...)
	b = appendInt(b, int64(c.Number))
	b = appendText(b, c.CustomField, c.CustomField != "")
	b = appendDate(b, c.Created)
	b = appendDate(b, c.Updated)
	b = appendTexts(b, c.Texts[:])
	return appendTexts(b, f[:])
}

func appendLength(b []byte, n int) []byte { return binary.BigEndian.AppendUint32(b, uint32(n)) }

func appendNull(b []byte) []byte { return append(b, 0xff, 0xff, 0xff, 0xff) }

func appendInt(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(appendLength(b, 8), uint64(n))
}

func appendText(b []byte, text string, given bool) []byte {
	if !given {
		return appendNull(b)
	}
	return append(appendLength(b, len(text)), text...)
}

func appendTexts(b []byte, texts []addressbook.Text) []byte {
	for i := range texts {
		b = appendText(b, texts[i].Value, texts[i].Given)
	}
	return b
}

func appendDate(b []byte, date time.Time) []byte {
	if date.IsZero() {
		return appendNull(b)
	}
	return appendInt(b, date.UnixNano())
}
