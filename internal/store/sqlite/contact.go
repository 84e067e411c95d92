package sqlite

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// contactColumns is what bindContact binds and scanContact reads, in this
// order.
const contactColumns = `sid, number, first_name, last_name, company_name, email, tag, custom_field, date_created, date_updated`

// contactParams is how many parameters a row takes: the account, then
// contactColumns.
const contactParams = 11

// bindContact binds one row's parameters, of which the first is param, and
// returns about how many bytes the row takes.
func bindContact(stmt *sqlite.Stmt, param int, account int64, c *addressbook.Contact) (bytes int) {
	stmt.BindInt64(param, account)
	stmt.BindBytes(param+1, c.SID[:])
	stmt.BindInt64(param+2, int64(c.Number))
	bytes += bindText(stmt, param+3, c.FirstName)
	bytes += bindText(stmt, param+4, c.LastName)
	bytes += bindText(stmt, param+5, c.CompanyName)
	bytes += bindText(stmt, param+6, c.Email)
	bytes += bindText(stmt, param+7, c.Tag)
	bytes += bindText(stmt, param+8, addressbook.Text{Value: c.CustomField, Given: c.CustomField != ""})
	stmt.BindInt64(param+9, c.Created.UnixNano())
	stmt.BindInt64(param+10, c.Updated.UnixNano())
	const fixedBytes = 60 // the sid, the integers and the row's header
	return bytes + fixedBytes
}

func bindText(stmt *sqlite.Stmt, param int, t addressbook.Text) (bytes int) {
	if !t.Given {
		stmt.BindNull(param)
		return 0
	}
	stmt.BindText(param, t.Value)
	return len(t.Value)
}

// scanContact reads a row of contactColumns.
func scanContact(stmt *sqlite.Stmt) addressbook.Contact {
	c := addressbook.Contact{
		Number:      phone.Number(stmt.ColumnInt64(1)),
		FirstName:   scanText(stmt, 2),
		LastName:    scanText(stmt, 3),
		CompanyName: scanText(stmt, 4),
		Email:       scanText(stmt, 5),
		Tag:         scanText(stmt, 6),
		CustomField: stmt.ColumnText(7),
		Created:     time.Unix(0, stmt.ColumnInt64(8)),
		Updated:     time.Unix(0, stmt.ColumnInt64(9)),
	}
	stmt.ColumnBytes(0, c.SID[:])
	return c
}

func scanText(stmt *sqlite.Stmt, col int) addressbook.Text {
	if stmt.ColumnIsNull(col) {
		return addressbook.Text{}
	}
	return addressbook.Given(stmt.ColumnText(col))
}

// nameKeyFunction is what SQL sorts and finds names by: addressbook.NameKey of
// a first and a last name, so that they sort the same in every engine.
const nameKeyFunction = "callbook_name_key"

func registerFunctions(conn *sqlite.Conn) error {
	err := conn.CreateFunction(nameKeyFunction, &sqlite.FunctionImpl{
		NArgs:         2,
		Deterministic: true,
		Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
			return sqlite.TextValue(addressbook.NameKey(args[0].Text(), args[1].Text())), nil
		},
	})
	if err != nil {
		return fmt.Errorf("create function %s: %w", nameKeyFunction, err)
	}
	return nil
}
