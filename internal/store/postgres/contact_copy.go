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

// minCopyRows is from how many contacts on COPY is used instead of INSERT. At that size
// COPY takes a quarter less of the database's time: it writes rows while the rest is
// still being sent, many at once, and builds no arrays.
const minCopyRows = 500

// copyStatement starts a COPY of contacts.
var copyStatement = `COPY contacts (account_id, ` + rowColumns + `, upload) FROM STDIN BINARY`

// copyContacts runs the queue and then adds contacts with COPY. Their numbers must be
// free, and the contacts sorted by number.
func (t *tx) copyContacts(contacts []*addressbook.Contact, mark int64) error {
	if t.batch.Len() > 0 {
		if err := t.flush(); err != nil {
			return err
		}
	}
	_, err := t.conn.PgConn().CopyFrom(t.ctx, newCopyReader(t.account, contacts, mark), copyStatement)
	return err
}

// copyAtOnce begins the transaction, adds contacts with COPY, and commits if commit is
// set, all in one round trip: a query of several statements. The numbers must be free. If
// the caller gives up, the commit is cancelled with the rest, as long as the database
// can.
func (t *tx) copyAtOnce(contacts []*addressbook.Contact, commit bool) error {
	t.batch = &pgx.Batch{} // the query below includes the statements that begin the transaction
	script := []string{beginWrite, settings, withNumbers(accountCheck, int64(t.account))}
	if t.claim.Key != "" {
		script = append(script, withNumbers(claimKey, claimLock(t.account, t.claim.Key)))
	}
	if t.claim.Quota.Bytes > 0 {
		script = append(script, withNumbers(quotaCheck, int64(t.account), t.claim.Quota.Bytes))
	}
	script = append(script, copyStatement)
	if commit {
		script = append(script, entryScript(t.note)...)
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

// withNumbers replaces the parameters of a statement with numbers. A query of several
// statements cannot have parameters.
func withNumbers(statement string, numbers ...int64) string {
	for i, n := range numbers {
		statement = strings.ReplaceAll(statement, fmt.Sprintf("$%d", i+1), strconv.FormatInt(n, 10))
	}
	return statement
}

// PostgreSQL's binary COPY format: a signature, flags, and an empty extension. Each row
// has its number of fields, and each field its length. The end is the field count -1.
const (
	copyBegin = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	copyEnd   = "\xff\xff"
)

// copyReader encodes contacts as COPY data while it is read.
type copyReader struct {
	account  account.ID
	mark     int64                  // [upload.Mark] of the upload that adds them; 0 for none
	contacts []*addressbook.Contact // still to come
	buffer   []byte
	sent     int // how much of the buffer was read
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

// appendRow appends the account and rowColumns of a contact. The caller must append the
// mark of the upload.
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
