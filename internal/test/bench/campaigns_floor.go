package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// campaignFloor does to the rows of a campaign what a server does, with the bare driver
// and nothing else. Each of these but read and close is one transaction about n targets
// from a position on.
type campaignFloor struct {
	targets func(ctx context.Context, campaign, from, n int) error // makes targets
	claim   func(ctx context.Context, campaign, from, n int) error // writes down calls to them
	end     func(ctx context.Context, campaign, from, n int) error // writes down the ends of the calls
	event   func(ctx context.Context, campaign, from, n int) error // is end, with an event of each
	// read reads all calls of a campaign with their targets, and returns how many.
	read  func(ctx context.Context, campaign int) (int, error)
	close func() error
}

// What the floor writes where a server has something to say.
const (
	floorName = "Lakshmi Krishnamurthy"
	endText   = "Normal call clearing"
	floorHost = "http://127.0.0.1:8080"
	floorBody = `{"call_sid":"0199a0c6f4b27d1e8a1b2c3d4e5f6071","campaign_sid":"0199a0c6f4b27d1e8a1b2c3d4e5f6072","account_sid":"bench","number":"+919876543210","status":"completed","date_created":"2026-11-30T10:00:00+05:30","start_time":"2026-11-30T10:00:00+05:30","end_time":"2026-11-30T10:00:30+05:30","duration":30,"on_call_duration":20,"digits":"","attempt":1,"caller_id":"08047112233","recording_url":null,"custom_field":null}`
)

// rising returns a sid of a kind of rows that rises with the position.
func rising(kind, campaign, position int) (sid [16]byte) {
	binary.BigEndian.PutUint64(sid[:], uint64(campaign)<<32|uint64(position))
	sid[15] = byte(kind)
	return sid
}

// history is how a target remembers its call.
func history(campaign, position int, outcome byte) []byte {
	sid := rising(2, campaign, position)
	return append(sid[:], outcome)
}

func floorNumber(position int) int64 { return firstMobile + int64(position)*7919%mobiles }

// sqliteCampaignFloor has the server's own schema and durability, and prepared statements
// for one row each.
func (l *lab) sqliteCampaignFloor(ctx context.Context, dir string) (*campaignFloor, error) {
	conn, err := l.sqliteFloorFile(ctx, dir)
	if err != nil {
		return nil, err
	}
	rows := func(statements ...func(campaign, position int) (string, []any)) func(context.Context, int, int, int) error {
		return func(_ context.Context, campaign, from, n int) (err error) {
			end, err := sqlitex.ImmediateTransaction(conn)
			if err != nil {
				return err
			}
			defer end(&err)
			for _, statement := range statements {
				for position := from; position < from+n; position++ {
					query, args := statement(campaign, position)
					if err := step(conn, query, args); err != nil {
						return err
					}
				}
			}
			return nil
		}
	}
	moved := func(state, outcome int) func(campaign, position int) (string, []any) {
		return func(campaign, position int) (string, []any) {
			return `UPDATE targets SET state = ?, due = NULL, history = ? WHERE campaign_id = ? AND position = ?`,
				[]any{state, history(campaign, position, byte(outcome)), campaign, position}
		}
	}
	called := func(campaign, position int) (string, []any) {
		sid := rising(2, campaign, position)
		return `INSERT INTO calls (campaign_id, sid, position, number, attempt, state, outcome, placed, digits, code, cause, cause_text, mark)
			VALUES (?, ?, ?, ?, 1, 1, 0, ?, '', 0, 0, '', '')`, []any{campaign, sid[:], position, int(floorNumber(position)), int(time.Now().UnixNano())}
	}
	ended := func(campaign, position int) (string, []any) {
		sid, now := rising(2, campaign, position), int(time.Now().UnixNano())
		return `UPDATE calls SET state = 5, outcome = 1, placed = ?, rang = ?, answered = ?, ended = ?, code = 200, cause = 16, cause_text = ? WHERE campaign_id = ? AND sid = ?`,
			[]any{now, now, now, now, endText, campaign, sid[:]}
	}
	told := func(campaign, position int) (string, []any) {
		of, call, now := rising(3, campaign, 0), rising(2, campaign, position), int(time.Now().UnixNano())
		return `INSERT INTO events (account_id, campaign_sid, position, kind, state, last, due, tries, status, trouble, date_since, date_created, call_sid, receiver, url, body)
			VALUES (1, ?, ?, 1, 1, 0, 0, 0, 0, 0, ?, ?, ?, ?, ?, ?)`, []any{of[:], position, now, now, call[:], floorHost, floorHost + "/calls", []byte(floorBody)}
	}
	return &campaignFloor{
		targets: rows(func(campaign, position int) (string, []any) {
			sid := rising(1, campaign, position)
			return `INSERT INTO targets (campaign_id, position, number, contact_sid, name, state, due, reason, history) VALUES (?, ?, ?, ?, ?, 1, ?, 0, x'')`,
				[]any{campaign, position, int(floorNumber(position)), sid[:], floorName, int(time.Now().UnixNano())}
		}),
		claim: rows(called, moved(2, 0)),
		end:   rows(ended, moved(3, 1)),
		event: rows(ended, moved(3, 1), told),
		read: func(_ context.Context, campaign int) (n int, err error) {
			err = sqlitex.Execute(conn, `SELECT c.*, t.* FROM calls AS c CROSS JOIN targets AS t ON t.campaign_id = c.campaign_id AND t.position = c.position
				WHERE c.campaign_id = ? ORDER BY c.sid`, &sqlitex.ExecOptions{Args: []any{campaign}, ResultFunc: func(stmt *sqlite.Stmt) error {
				n++
				for column := range stmt.ColumnCount() {
					_ = stmt.ColumnText(column)
				}
				return nil
			}})
			return n, err
		},
		close: conn.Close,
	}, nil
}

// step executes a statement that the connection has prepared once.
func step(conn *sqlite.Conn, query string, args []any) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	for i, arg := range args {
		switch arg := arg.(type) {
		case int:
			stmt.BindInt64(i+1, int64(arg))
		case string:
			stmt.BindText(i+1, arg)
		case []byte:
			stmt.BindBytes(i+1, arg)
		}
	}
	_, err = stmt.Step()
	return errors.Join(err, stmt.Reset())
}

// postgresCampaignFloor has the server's own schema, COPY for what is new, and one UPDATE
// for what has changed.
func (l *lab) postgresCampaignFloor(ctx context.Context, dir string) (*campaignFloor, error) {
	name, err := l.engine.database(ctx, dir)
	if err != nil {
		return nil, err
	}
	if _, err := l.command(ctx, name, "migrate"); err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, name)
	if err != nil {
		return nil, err
	}
	copyRows := func(table string, columns []string, row func(campaign, position int) []any) func(context.Context, pgx.Tx, int, int, int) error {
		return func(ctx context.Context, tx pgx.Tx, campaign, from, n int) error {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(campaign, from+i), nil }))
			return err
		}
	}
	update := func(query string, args ...any) func(context.Context, pgx.Tx, int, int, int) error {
		return func(ctx context.Context, tx pgx.Tx, campaign, from, n int) error {
			_, err := tx.Exec(ctx, query, append([]any{rising(3, campaign, 0), from, from + n - 1, rising(2, campaign, from), rising(2, campaign, from+n-1)}, args...)...)
			return err
		}
	}
	transaction := func(steps ...func(context.Context, pgx.Tx, int, int, int) error) func(context.Context, int, int, int) error {
		return func(ctx context.Context, campaign, from, n int) error {
			return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
				for _, step := range steps {
					if err := step(ctx, tx, campaign, from, n); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	// Every statement has the same first arguments, and so must name all of them.
	const these = ` WHERE account_id = 1 AND campaign_sid = $1 AND position BETWEEN $2 AND $3 AND $4::uuid <= $5::uuid`
	ended := update(`UPDATE calls SET state = 5, outcome = 1, placed = $6, rang = $6, answered = $6, ended = $6, code = 200, cause = 16, cause_text = $7
		WHERE account_id = 1 AND campaign_sid = $1 AND sid BETWEEN $4 AND $5 AND position BETWEEN $2 AND $3`, time.Now().UnixNano(), endText)
	settled := update(`UPDATE targets SET state = 3, due = NULL, history = $6`+these, history(0, 0, 1))
	return &campaignFloor{
		targets: transaction(copyRows("targets", []string{"account_id", "campaign_sid", "position", "number", "contact_sid", "name", "state", "due", "reason", "history"}, func(campaign, position int) []any {
			return []any{int64(1), rising(3, campaign, 0), int32(position), floorNumber(position), rising(1, campaign, position), floorName, int16(1), time.Now().UnixNano(), int16(0), []byte{}}
		})),
		claim: transaction(copyRows("calls", []string{"account_id", "campaign_sid", "sid", "position", "number", "attempt", "state", "outcome", "placed", "digits", "code", "cause", "cause_text", "mark"}, func(campaign, position int) []any {
			return []any{int64(1), rising(3, campaign, 0), rising(2, campaign, position), int32(position), floorNumber(position), int16(1), int16(1), int16(0), time.Now().UnixNano(), "", int32(0), int32(0), "", ""}
		}), update(`UPDATE targets SET state = 2, due = NULL, history = $6`+these, history(0, 0, 0))),
		end: transaction(ended, settled),
		event: transaction(ended, settled, copyRows("events", []string{"account_id", "campaign_sid", "position", "kind", "state", "last", "due", "tries", "status", "trouble", "date_since", "date_created", "call_sid", "receiver", "url", "body"}, func(campaign, position int) []any {
			now := time.Now().UnixNano()
			return []any{int64(1), rising(3, campaign, 0), int32(position), int16(1), int16(1), false, int64(0), int32(0), int32(0), int16(0), now, now, rising(2, campaign, position), floorHost, floorHost + "/calls", []byte(floorBody)}
		})),
		read: func(ctx context.Context, campaign int) (n int, err error) {
			rows, err := conn.Query(ctx, `SELECT c.*, t.* FROM calls AS c JOIN targets AS t USING (account_id, campaign_sid, position) WHERE account_id = 1 AND campaign_sid = $1 ORDER BY c.sid`, rising(3, campaign, 0))
			if err != nil {
				return 0, err
			}
			for ; rows.Next(); n++ {
				_ = rows.RawValues()
			}
			return n, rows.Err()
		},
		close: func() error { return conn.Close(context.Background()) },
	}, nil
}

// timed does something to so many targets of a campaign, a batch at a time, and returns
// how many it does a second.
func (f *campaignFloor) timed(ctx context.Context, campaign, targets, batch int, do ...func(ctx context.Context, campaign, from, n int) error) (rate float64, err error) {
	start := time.Now()
	for from := 0; from < targets; from += batch {
		for _, one := range do {
			if err := one(ctx, campaign, from, min(batch, targets-from)); err != nil {
				return 0, fmt.Errorf("the floor: %w", err)
			}
		}
	}
	return float64(targets) / time.Since(start).Seconds(), nil
}
