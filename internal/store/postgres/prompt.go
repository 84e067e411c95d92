package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/journal"
	"callbook/internal/prompt"
)

// promptColumns is what promptFields scans.
const promptColumns = `name, title, octet_length(file), sha256, date_created, date_updated`

func promptFields(p *prompt.Prompt, hash *[]byte) []any {
	return []any{&p.Name, &p.Title, &p.Size, hash, (*dateValue)(&p.Created), (*dateValue)(&p.Updated)}
}

// InsertPrompt implements [prompt.Store].
func (db *DB) InsertPrompt(ctx context.Context, account account.ID, p *prompt.Prompt, file []byte, ready journal.Ready[*prompt.Prompt]) error {
	return db.writeOnce(ctx, account, "insert prompt", func(t *tx) error {
		var prompts int
		added := false
		t.queue(`SELECT count(*) FROM prompts WHERE account_id = $1 AND name <> $2`, account, p.Name).
			QueryRow(func(row pgx.Row) error { return row.Scan(&prompts) })
		t.queue(`INSERT INTO prompts (account_id, name, title, sha256, date_created, date_updated, file) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (account_id, name) DO NOTHING RETURNING true`,
			account, p.Name, p.Title, p.Hash[:], (*dateValue)(&p.Created), (*dateValue)(&p.Updated), file).
			Query(func(rows pgx.Rows) error {
				added = rows.Next()
				rows.Close()
				return rows.Err()
			})
		if err := t.flush(); err != nil {
			return err
		}
		switch {
		case !added:
			return prompt.ErrNameTaken
		case prompts >= prompt.MaxPrompts:
			return prompt.ErrTooMany
		}
		t.keep(ready.Receipt(p))
		return nil
	})
}

// ReplacePrompt implements [prompt.Store].
func (db *DB) ReplacePrompt(ctx context.Context, account account.ID, p *prompt.Prompt, file []byte, ready journal.Ready[*prompt.Prompt]) error {
	return db.writeOnce(ctx, account, "replace prompt", func(t *tx) error {
		stored, err := t.onePrompt(`UPDATE prompts SET title = $3, sha256 = $4, date_updated = $5, file = $6 WHERE account_id = $1 AND name = $2 RETURNING `+promptColumns,
			account, p.Name, p.Title, p.Hash[:], (*dateValue)(&p.Updated), file)
		if err != nil {
			return err
		}
		p.Created = stored.Created
		t.keep(ready.Receipt(p))
		return nil
	})
}

// DeletePrompt implements [prompt.Store].
func (db *DB) DeletePrompt(ctx context.Context, account account.ID, name string, ready journal.Ready[*prompt.Prompt]) error {
	return db.writeOnce(ctx, account, "delete prompt", func(t *tx) error {
		// A flow that plays the prompt keeps this waiting until it is stored, or waits
		// until the prompt is gone: see queuePrompts.
		was, err := t.onePrompt(`DELETE FROM prompts WHERE account_id = $1 AND name = $2 RETURNING `+promptColumns, account, name)
		if err != nil {
			return err
		}
		var flow *string
		t.queue(`SELECT min(flows.name) FROM flows, jsonb_each(flows.flow::jsonb -> 'steps') AS step
			WHERE account_id = $1 AND step.value ->> 'prompt' = $2`, account, name).
			QueryRow(func(row pgx.Row) error { return row.Scan(&flow) })
		if err := t.flush(); err != nil {
			return err
		}
		if flow != nil {
			return prompt.ErrInUse(*flow)
		}
		t.keep(ready.Receipt(was))
		return nil
	})
}

// onePrompt runs a statement that returns the columns of one prompt, or of none.
func (t *tx) onePrompt(query string, args ...any) (*prompt.Prompt, error) {
	var all []prompt.Prompt
	t.queue(query, args...).Query(t.eachPrompt(&all))
	if err := t.flush(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, prompt.ErrNotThere
	}
	return &all[0], nil
}

// eachPrompt returns a function that appends rows of promptColumns. It claims their
// memory from the request's budget.
func (t *tx) eachPrompt(all *[]prompt.Prompt) func(pgx.Rows) error {
	share := budget.Of(t.ctx)
	return func(rows pgx.Rows) error {
		var p prompt.Prompt
		var hash []byte
		_, err := pgx.ForEachRow(rows, promptFields(&p, &hash), func() error {
			copy(p.Hash[:], hash)
			*all = append(*all, p)
			return share.Claim(p.Weight())
		})
		return err
	}
}

// Prompts implements [prompt.Store].
func (db *DB) Prompts(ctx context.Context, account account.ID, q prompt.Query) (page prompt.Page, err error) {
	err = db.read(ctx, purpose{account, true}, "list prompts", func(t *tx) error {
		s := newSelection("prompts", account)
		if q.Name != "" {
			s.and("name = %s", q.Name)
		}
		page.Prompts = nil
		s.queueCount(t, &page.Total)
		t.queue(`SELECT `+promptColumns+` FROM prompts WHERE `+s.where+` ORDER BY name LIMIT `+s.arg(q.Limit)+` OFFSET `+s.arg(q.Offset), s.args...).
			Query(t.eachPrompt(&page.Prompts))
		return nil
	})
	if err != nil {
		return prompt.Page{}, err
	}
	return page, nil
}

// PromptFile implements [prompt.Store].
func (db *DB) PromptFile(ctx context.Context, account account.ID, name string) (*prompt.Prompt, []byte, error) {
	var p prompt.Prompt
	var hash, file []byte
	err := db.row(ctx, purpose{account, true}, `SELECT `+promptColumns+`, file FROM prompts WHERE account_id = $1 AND name = $2`, []any{account, name},
		append(promptFields(&p, &hash), &file), name)
	if noRow(err) {
		return nil, nil, prompt.ErrNotThere
	}
	copy(p.Hash[:], hash)
	return &p, file, storeError("read a prompt", err)
}
