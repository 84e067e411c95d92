package postgres

import (
	"encoding/hex"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/audit"
)

const (
	auditColumns = `account_id, sid, action, actor, address, request, done, failed, object, fields, first_sid, last_sid, sids`
	insertEntry  = `INSERT INTO audit (` + auditColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
)

// tell queues the entries of a note of the audit log.
func (t *tx) tell(n *audit.Note) {
	for _, e := range n.Entries() {
		t.queue(insertEntry, entryArgs(&e)...)
	}
}

// entryArgs returns the parameters of insertEntry. Those without a value are nil.
func entryArgs(e *audit.Entry) []any {
	args := []any{
		e.Account, (*sidValue)(&e.SID), string(e.Action), string(e.Actor), e.Address, e.Request, e.Done, e.Failed,
		nil, e.FieldsText(), nil, nil, nil,
	}
	if e.Object != "" {
		args[8] = e.Object
	}
	if s := &e.Subjects; !s.IsZero() {
		args[10] = (*sidValue)(&s.First)
		if s.Last != s.First {
			args[11] = (*sidValue)(&s.Last)
		}
		if s.Many != nil {
			args[12] = s.Many
		}
	}
	return args
}

// entryScript returns statements that insert the entries of a note, without parameters.
func entryScript(n *audit.Note) (script []string) {
	for _, e := range n.Entries() {
		values := make([]string, 0, 13)
		for _, arg := range entryArgs(&e) {
			values = append(values, literal(arg))
		}
		script = append(script, `INSERT INTO audit (`+auditColumns+`) VALUES (`+strings.Join(values, ", ")+`)`)
	}
	return script
}

// literal returns a parameter as an SQL constant.
func literal(arg any) string {
	switch v := arg.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	case string:
		return `E'` + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + `'`
	case *sidValue:
		return `'` + addressbook.SID(*v).String() + `'`
	case []byte:
		return `'\x` + hex.EncodeToString(v) + `'`
	}
	return `NULL`
}
