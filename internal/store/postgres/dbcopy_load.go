package postgres

import (
	"encoding/binary"
	"slices"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/dbcopy"
)

// load is rows for one COPY, in its binary format.
type load struct {
	table     string
	statement string
	data      []byte
}

// loadsOf makes a load of each table that the parts have rows of, in the order of
// the tables.
func loadsOf(parts []dbcopy.Part) []load {
	var loads []load
	for _, t := range slices.Concat(dbcopy.Tables, dbcopy.Shared) {
		var l *load
		for i := range parts {
			if p := &parts[i]; p.Table == t {
				if l == nil {
					loads = append(loads, newLoad(t))
					l = &loads[len(loads)-1]
				}
				for _, row := range p.Rows {
					l.add(p.Account, t, row)
				}
			}
		}
		if l != nil {
			l.data = append(l.data, copyEnd...)
		}
	}
	return loads
}

// made are the columns that this engine makes from the others of a row.
var made = map[*dbcopy.Table]struct {
	names string
	count int
	add   func(l *load, row dbcopy.Row)
}{
	dbcopy.Contacts:        {`, ` + foldedColumns, len(folded{}), (*load).addFolded},
	dbcopy.Lists:           {`, name_key`, 1, (*load).addNameKey},
	dbcopy.TrashedContacts: {`, ` + foldedColumns, len(folded{}), (*load).addFolded},
	dbcopy.TrashedLists:    {`, name_key`, 1, (*load).addNameKey},
	dbcopy.Campaigns:       {`, name_key, name_folded`, 2, (*load).addCampaignName},
	dbcopy.Uploads: {`, lease_server, lease_until`, 2, func(l *load, _ dbcopy.Row) {
		l.data = appendText(l.data, "", true)
		l.data = appendInt(l.data, 0)
	}},
}

func newLoad(t *dbcopy.Table) load {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	owner := `account_id, `
	if t.Unowned() {
		owner = ""
	}
	return load{
		table:     t.Name,
		statement: `COPY ` + t.Name + ` (` + owner + strings.Join(names, ", ") + made[t].names + `) FROM STDIN (FORMAT binary)`,
		data:      []byte(copyBegin),
	}
}

func (l *load) add(account account.ID, t *dbcopy.Table, row dbcopy.Row) {
	more := made[t]
	columns := len(row) + more.count
	if t.Unowned() {
		l.data = binary.BigEndian.AppendUint16(l.data, uint16(columns))
	} else {
		l.data = binary.BigEndian.AppendUint16(l.data, uint16(1+columns))
		l.data = appendInt(l.data, int64(account))
	}
	for i, v := range row {
		l.data = appendValue(l.data, t.Columns[i], v)
	}
	if more.add != nil {
		more.add(l, row)
	}
}

func appendValue(b []byte, c dbcopy.Column, v dbcopy.Value) []byte {
	switch {
	case c.Counted:
		return appendInt(b, 0)
	case v.Null:
		return appendNull(b)
	case c.Kind == dbcopy.Number:
		return appendInt(b, v.Int)
	case c.Kind == dbcopy.Middle:
		return binary.BigEndian.AppendUint32(appendLength(b, 4), uint32(v.Int))
	case c.Kind == dbcopy.Small:
		return binary.BigEndian.AppendUint16(appendLength(b, 2), uint16(v.Int))
	case c.Kind == dbcopy.Flag:
		return append(appendLength(b, 1), byte(v.Int))
	default:
		return append(appendLength(b, len(v.Bytes)), v.Bytes...)
	}
}

// addNameKey adds the folded name of a list.
func (l *load) addNameKey(row dbcopy.Row) {
	l.data = appendText(l.data, addressbook.NameKey(string(row[1].Bytes), ""), true)
}

// addCampaignName adds the folded names of a campaign.
func (l *load) addCampaignName(row dbcopy.Row) {
	name := string(row[dbcopy.CampaignName].Bytes)
	l.data = appendText(l.data, addressbook.NameKey(name, ""), true)
	l.data = appendText(l.data, addressbook.SearchText(name), true)
}

// addFolded adds what fold makes of a contact.
func (l *load) addFolded(row dbcopy.Row) {
	var texts addressbook.Texts
	for i := range texts {
		v := row[dbcopy.ContactText+i]
		texts[i] = addressbook.Text{Value: string(v.Bytes), Given: !v.Null}
	}
	f := fold(&texts)
	l.data = appendTexts(l.data, f[:])
}
