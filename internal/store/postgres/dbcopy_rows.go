package postgres

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/dbcopy"
)

const (
	// beginTransfer begins a transaction that reads a table.
	beginTransfer = `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL statement_timeout = 0`
	// unsorted is for tables whose primary key begins with the account. It makes the
	// planner read them in the order of that index, which is mostly the order of the
	// rows on disk. A sort would need space for all rows.
	unsorted = `; SET LOCAL enable_sort = off`
)

// keyedGlobally are the tables whose primary key does not begin with the account.
var keyedGlobally = []*dbcopy.Table{dbcopy.Keys, dbcopy.Sessions, dbcopy.Links}

// Read implements [dbcopy.Store].
func (x Transfer) Read(ctx context.Context, account account.ID, t *dbcopy.Table, after dbcopy.Row, each func(dbcopy.Row) error) error {
	const operation = "read rows"
	conn, err := x.db.acquire(ctx, purpose{})
	if err != nil {
		return storeError(operation, causeOf(ctx, err))
	}
	// After an error, the pool closes the connection, since it is in a transaction.
	defer conn.release()
	pg := conn.Conn.Conn().PgConn()
	begin := beginTransfer
	if !slices.Contains(keyedGlobally, t) && !t.Unowned() {
		begin += unsorted
	}
	if err := pg.Exec(ctx, begin).Close(); err != nil {
		return storeError(operation, causeOf(ctx, err))
	}
	query, params := transferQuery(account, t, after)
	// After an error, cancelling the query keeps the server from sending the rest.
	reading, stop := context.WithCancel(ctx)
	defer stop()
	result := pg.ExecParams(reading, query, params, nil, nil, []int16{1}) // 1 requests the binary format
	row := make(dbcopy.Row, len(t.Columns))
	for result.NextRow() {
		err := scanValues(result, t, row)
		if err == nil {
			err = each(row)
		}
		if err != nil {
			stop()
			_, _ = result.Close()
			return err
		}
	}
	if _, err := result.Close(); err != nil {
		return storeError(operation, causeOf(ctx, err))
	}
	return storeError(operation, causeOf(ctx, pg.Exec(ctx, `COMMIT`).Close()))
}

// transferQuery returns a query for the rows of a table, with keyset pagination, and its
// parameters in the text format.
func transferQuery(account account.ID, t *dbcopy.Table, after dbcopy.Row) (query string, params [][]byte) {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	keys := strings.Join(names[:t.Key], ", ")
	owner := `account_id`
	if t.Unowned() {
		owner = `0` // account.None
	}
	query = `SELECT ` + strings.Join(names, ", ") + ` FROM ` + t.Name + ` WHERE ` + owner + ` = $1::bigint`
	params = append(params, strconv.AppendInt(nil, int64(account), 10))
	if after != nil {
		placeholders := make([]string, t.Key)
		for i, v := range after {
			placeholders[i] = fmt.Sprintf("$%d", i+2)
			params = append(params, textOf(t.Columns[i].Kind, v))
		}
		query += ` AND (` + keys + `) > (` + strings.Join(placeholders, ", ") + `)`
	}
	if owner != `0` {
		keys = owner + `, ` + keys
	}
	return query + ` ORDER BY ` + keys, params
}

// textOf returns a value in the text format of parameters.
func textOf(k dbcopy.Kind, v dbcopy.Value) []byte {
	switch k {
	case dbcopy.Text:
		return v.Bytes
	case dbcopy.Number, dbcopy.Middle, dbcopy.Small:
		return strconv.AppendInt(nil, v.Int, 10)
	case dbcopy.SID:
		return hex.AppendEncode(nil, v.Bytes)
	default:
		return hex.AppendEncode([]byte(`\x`), v.Bytes)
	}
}

// scanValues reads a row in the binary format.
func scanValues(result *pgconn.ResultReader, t *dbcopy.Table, row dbcopy.Row) error {
	for i, raw := range result.Values() {
		v := dbcopy.Value{Null: raw == nil}
		switch kind := t.Columns[i].Kind; {
		case v.Null:
		case !kind.Numeric():
			v.Bytes = raw
		case len(raw) == 8:
			v.Int = int64(binary.BigEndian.Uint64(raw))
		case len(raw) == 4:
			v.Int = int64(int32(binary.BigEndian.Uint32(raw)))
		case len(raw) == 2:
			v.Int = int64(int16(binary.BigEndian.Uint16(raw)))
		case len(raw) == 1:
			v.Int = int64(raw[0])
		default:
			return fmt.Errorf("%s.%s: a number of %d bytes", t.Name, t.Columns[i].Name, len(raw))
		}
		row[i] = v
	}
	return nil
}
