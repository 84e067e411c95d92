package sqlite

import (
	"fmt"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// contactColumns are the columns that bindContact binds and scanContact reads, in this
// order.
var contactColumns = `sid, number, custom_field, date_created, date_updated, ` + strings.Join(addressbook.TextKeys(), ", ")

const (
	firstText = 5 // the index of the first text in contactColumns
	// contactParams is the number of parameters of a row: the account and contactColumns.
	contactParams = 1 + firstText + int(addressbook.NumTextFields)
)

// bindContact binds the parameters of a row, beginning with param. It returns about how
// many bytes the row takes.
func bindContact(stmt *sqlite.Stmt, param int, account account.ID, c *addressbook.Contact) (bytes int) {
	stmt.BindInt64(param, int64(account))
	param++
	stmt.BindBytes(param, c.SID[:])
	stmt.BindInt64(param+1, int64(c.Number))
	bytes += bindText(stmt, param+2, addressbook.Text{Value: c.CustomField, Given: c.CustomField != ""})
	stmt.BindInt64(param+3, c.Created.UnixNano())
	stmt.BindInt64(param+4, c.Updated.UnixNano())
	for i := range c.Texts {
		bytes += bindText(stmt, param+firstText+i, c.Texts[i])
	}
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
		CustomField: stmt.ColumnText(2),
		Created:     time.Unix(0, stmt.ColumnInt64(3)),
		Updated:     time.Unix(0, stmt.ColumnInt64(4)),
	}
	stmt.ColumnBytes(0, c.SID[:])
	for i := range c.Texts {
		c.Texts[i] = scanText(stmt, firstText+i)
	}
	return c
}

func scanText(stmt *sqlite.Stmt, col int) addressbook.Text {
	if stmt.ColumnIsNull(col) {
		return addressbook.Text{}
	}
	return addressbook.Given(stmt.ColumnText(col))
}

// nameKeyFunction is the SQL function by which names are sorted and found. It is
// [addressbook.NameKey], so that names sort the same in every engine.
const nameKeyFunction = "callbook_name_key"

// searchTextFunction is the SQL function for [addressbook.SearchText].
const searchTextFunction = "callbook_search_text"

func registerFunctions(conn *sqlite.Conn) error {
	err := conn.CreateFunction(searchTextFunction, &sqlite.FunctionImpl{
		NArgs:         1,
		Deterministic: true,
		Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
			return sqlite.TextValue(addressbook.SearchText(args[0].Text())), nil
		},
	})
	if err != nil {
		return fmt.Errorf("create function %s: %w", searchTextFunction, err)
	}
	err = conn.CreateFunction(nameKeyFunction, &sqlite.FunctionImpl{
		NArgs:         2,
		Deterministic: true,
		Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
			return sqlite.TextValue(addressbook.NameKey(args[0].Text(), args[1].Text())), nil
		},
	})
	if err != nil {
		return fmt.Errorf("create function %s: %w", nameKeyFunction, err)
	}
	return registerMark(conn)
}
