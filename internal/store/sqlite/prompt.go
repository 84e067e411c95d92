package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/journal"
	"callbook/internal/prompt"
)

var _ prompt.Store = (*AddressBook)(nil)

// promptColumns is what scanPrompt reads.
const promptColumns = `name, title, length(file), sha256, date_created, date_updated`

func scanPrompt(stmt *sqlite.Stmt) prompt.Prompt {
	p := prompt.Prompt{
		Name: stmt.ColumnText(0), Title: stmt.ColumnText(1), Size: stmt.ColumnInt(2),
		Created: time.Unix(0, stmt.ColumnInt64(4)), Updated: time.Unix(0, stmt.ColumnInt64(5)),
	}
	stmt.ColumnBytes(3, p.Hash[:])
	return p
}

// readPrompt reads one row, or returns errNoRow.
func readPrompt(conn *sqlite.Conn, account account.ID, name string) (*prompt.Prompt, error) {
	var p prompt.Prompt
	err := queryOne(conn, `SELECT `+promptColumns+` FROM prompts WHERE account_id = ? AND name = ?`, []any{account, name},
		func(stmt *sqlite.Stmt) error {
			p = scanPrompt(stmt)
			return nil
		})
	return &p, err
}

// InsertPrompt implements [prompt.Store].
func (b *AddressBook) InsertPrompt(ctx context.Context, account account.ID, p *prompt.Prompt, file []byte, ready journal.Ready[*prompt.Prompt]) error {
	return b.edit(ctx, account, 1, "insert prompt", func(tx *editTx) error {
		if _, err := readPrompt(tx.Conn, account, p.Name); !errors.Is(err, errNoRow) {
			if err == nil {
				return tx.refuse(prompt.ErrNameTaken)
			}
			return err
		}
		n, err := count(tx.Conn, `FROM prompts WHERE account_id = ?`, []any{account})
		if err != nil {
			return err
		}
		if n >= prompt.MaxPrompts {
			return tx.refuse(prompt.ErrTooMany)
		}
		tx.bytes += len(file)
		err = tx.exec(`INSERT INTO prompts (account_id, name, title, sha256, date_created, date_updated, file) VALUES (?,?,?,?,?,?,?)`,
			account, p.Name, p.Title, p.Hash[:], p.Created.UnixNano(), p.Updated.UnixNano(), file)
		if err != nil {
			return err
		}
		return tx.keep(ready.Receipt(p))
	})
}

// ReplacePrompt implements [prompt.Store].
func (b *AddressBook) ReplacePrompt(ctx context.Context, account account.ID, p *prompt.Prompt, file []byte, ready journal.Ready[*prompt.Prompt]) error {
	return b.edit(ctx, account, 1, "replace prompt", func(tx *editTx) error {
		before, err := readPrompt(tx.Conn, account, p.Name)
		if errors.Is(err, errNoRow) {
			return tx.refuse(prompt.ErrNotThere)
		}
		if err != nil {
			return err
		}
		p.Created = before.Created
		tx.bytes += len(file)
		err = tx.exec(`UPDATE prompts SET title = ?, sha256 = ?, date_updated = ?, file = ? WHERE account_id = ? AND name = ?`,
			p.Title, p.Hash[:], p.Updated.UnixNano(), file, account, p.Name)
		if err != nil {
			return err
		}
		return tx.keep(ready.Receipt(p))
	})
}

// DeletePrompt implements [prompt.Store].
func (b *AddressBook) DeletePrompt(ctx context.Context, account account.ID, name string, ready journal.Ready[*prompt.Prompt]) error {
	return b.edit(ctx, account, 1, "delete prompt", func(tx *editTx) error {
		was, err := readPrompt(tx.Conn, account, name)
		if errors.Is(err, errNoRow) {
			return tx.refuse(prompt.ErrNotThere)
		}
		if err != nil {
			return err
		}
		flow := ""
		err = queryOne(tx.Conn, `SELECT flows.name FROM flows, json_each(flows.flow, '$.steps') AS step
			WHERE account_id = ? AND step.value ->> '$.prompt' = ? ORDER BY flows.name LIMIT 1`, []any{account, name},
			func(stmt *sqlite.Stmt) error {
				flow = stmt.ColumnText(0)
				return nil
			})
		if err == nil {
			return tx.refuse(prompt.ErrInUse(flow))
		}
		if !errors.Is(err, errNoRow) {
			return err
		}
		tx.bytes += was.Size
		if err := tx.exec(`DELETE FROM prompts WHERE account_id = ? AND name = ?`, account, name); err != nil {
			return err
		}
		return tx.keep(ready.Receipt(was))
	})
}

// Prompts implements [prompt.Store].
func (b *AddressBook) Prompts(ctx context.Context, account account.ID, q prompt.Query) (page prompt.Page, err error) {
	share := budget.Of(ctx)
	from, args := `FROM prompts WHERE account_id = ?`, []any{account}
	if q.Name != "" {
		from, args = from+` AND name = ?`, append(args, q.Name)
	}
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err) // reads the total and the page from one snapshot
		page = prompt.Page{}
		if page.Total, err = count(conn, from, args); err != nil {
			return err
		}
		return sqlitex.Execute(conn, `SELECT `+promptColumns+` `+from+` ORDER BY name LIMIT ? OFFSET ?`, &sqlitex.ExecOptions{
			Args: append(args, q.Limit, q.Offset),
			ResultFunc: func(stmt *sqlite.Stmt) error {
				p := scanPrompt(stmt)
				page.Prompts = append(page.Prompts, p)
				return share.Claim(p.Weight())
			},
		})
	})
	if err != nil {
		return prompt.Page{}, storeError("read prompts", err)
	}
	return page, nil
}

// PromptFile implements [prompt.Store].
func (b *AddressBook) PromptFile(ctx context.Context, account account.ID, name string) (*prompt.Prompt, []byte, error) {
	var p prompt.Prompt
	var file []byte
	err := b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT `+promptColumns+`, file FROM prompts WHERE account_id = ? AND name = ?`, []any{account, name},
			func(stmt *sqlite.Stmt) error {
				p = scanPrompt(stmt)
				file = make([]byte, p.Size)
				stmt.ColumnBytes(6, file)
				return nil
			})
	})
	if errors.Is(err, errNoRow) {
		return nil, nil, prompt.ErrNotThere
	}
	return &p, file, storeError("read a prompt", err)
}
