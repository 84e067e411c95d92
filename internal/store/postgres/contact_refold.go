package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

const (
	// refoldBatch is how many contacts one transaction of refold visits.
	refoldBatch = 5000
	// refoldReport is how often the log says how far a refolding is.
	refoldReport = 5 * time.Second
)

// refold brings the folded columns of all contacts up to date, if a migration has asked
// for it. Each batch of contacts is a transaction, which also stores the position, so
// the next call goes on where an interrupted one ended. Servers that start together
// take turns.
func (db *DB) refold(ctx context.Context) error {
	reported, started := time.Now(), false
	for done := 0; ; {
		looked, err := db.refoldNext(ctx, refoldBatch)
		if err != nil {
			return fmt.Errorf("fold texts anew: %w", err)
		}
		if looked == 0 {
			if started {
				db.log.Info("the texts of all contacts are folded anew", "contacts", done)
			}
			return nil
		}
		done += looked
		if time.Since(reported) >= refoldReport {
			reported, started = time.Now(), true
			db.log.Info("folding texts anew for searches", "contacts", done)
		}
	}
}

// refoldAt is a position of refold: the key of the last visited contact. It visits the
// contacts first, then those in the trash, and the campaigns last.
type refoldAt struct {
	trash   bool
	account account.ID
	sid     sidValue
}

func (p refoldAt) table() string {
	if p.trash {
		return "trashed_contacts"
	}
	return "contacts"
}

// refoldNext visits up to limit contacts and returns how many there were. After the last
// one it deletes the position. Without a position it does nothing.
func (db *DB) refoldNext(ctx context.Context, limit int) (looked int, err error) {
	err = pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
			return err
		}
		var from refoldAt
		err := tx.QueryRow(ctx, `SELECT trash, account_id, sid FROM refolding`).Scan(&from.trash, &from.account, &from.sid)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		to := refoldAt{trash: from.trash}
		for {
			err = tx.QueryRow(ctx, `SELECT count(*) OVER (), account_id, sid FROM (
					SELECT account_id, sid FROM `+from.table()+` WHERE (account_id, sid) > ($1, $2) ORDER BY account_id, sid LIMIT $3) AS batch
				ORDER BY account_id DESC, sid DESC LIMIT 1`, from.account, &from.sid, limit).Scan(&looked, &to.account, &to.sid)
			if !errors.Is(err, pgx.ErrNoRows) {
				break
			}
			if from.trash {
				if err = refoldCampaigns(ctx, tx); err == nil {
					_, err = tx.Exec(ctx, `DELETE FROM refolding`)
				}
				return err
			}
			from, to = refoldAt{trash: true}, refoldAt{trash: true}
		}
		if err == nil {
			err = refoldBetween(ctx, tx, from, to)
		}
		if err == nil {
			_, err = tx.Exec(ctx, `UPDATE refolding SET trash = $1, account_id = $2, sid = $3`, to.trash, to.account, &to.sid)
		}
		return err
	})
	return looked, causeOf(ctx, err)
}

// refoldCampaigns updates the folded names of campaigns, which are few.
func refoldCampaigns(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `SELECT account_id, sid, name FROM campaigns WHERE name ~ '[^ -~]' FOR NO KEY UPDATE`)
	if err != nil {
		return err
	}
	var accounts []account.ID
	var sids sidColumn
	var names []string
	var of account.ID
	var sid sidValue
	var name string
	_, err = pgx.ForEachRow(rows, []any{&of, &sid, &name}, func() error {
		campaign := sid
		accounts, sids, names = append(accounts, of), append(sids, &campaign), append(names, addressbook.SearchText(name))
		return nil
	})
	if err != nil || len(sids) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE campaigns SET name_folded = fresh.name FROM unnest($1::bigint[], $2::uuid[], $3::text[]) AS fresh (account_id, sid, name)
		WHERE campaigns.account_id = fresh.account_id AND campaigns.sid = fresh.sid AND name_folded <> fresh.name`, accounts, sids, names)
	return err
}

// refoldBetween updates the contacts after from, up to to, whose folded texts are out of
// date.
func refoldBetween(ctx context.Context, tx pgx.Tx, from, to refoldAt) error {
	// A changed folding does not change how printable ASCII is folded, so contacts of it
	// are skipped. The lock keeps servers from changing the others meanwhile.
	rows, err := tx.Query(ctx, `SELECT account_id, sid, `+strings.Join(addressbook.TextKeys(), ", ")+`, `+foldedColumns+` FROM `+from.table()+`
		WHERE (account_id, sid) > ($1, $2) AND (account_id, sid) <= ($3, $4)
		AND concat(first_name, last_name, company_name, email, tag) COLLATE "C" ~ '[^ -~]'
		ORDER BY account_id, sid FOR NO KEY UPDATE`, from.account, &from.sid, to.account, &to.sid)
	if err != nil {
		return err
	}
	var at refoldAt
	var texts addressbook.Texts
	var stored folded
	into := []any{&at.account, &at.sid}
	for i := range texts {
		into = append(into, (*textValue)(&texts[i]))
	}
	for i := range stored {
		into = append(into, (*textValue)(&stored[i]))
	}
	var accounts []account.ID
	var sids sidColumn
	var columns [len(folded{})]textColumn
	_, err = pgx.ForEachRow(rows, into, func() error {
		fresh := fold(&texts)
		if fresh == stored {
			return nil
		}
		contact := at.sid
		accounts, sids = append(accounts, at.account), append(sids, &contact)
		for i := range columns {
			columns[i] = append(columns[i], (*textValue)(&fresh[i]))
		}
		return nil
	})
	if err != nil || len(sids) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE `+from.table()+` AS contacts SET (`+foldedColumns+`) = (a, b, c, d, e)
		FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) AS fresh (account_id, sid, a, b, c, d, e)
		WHERE contacts.account_id = fresh.account_id AND contacts.sid = fresh.sid`,
		accounts, sids, columns[0], columns[1], columns[2], columns[3], columns[4])
	return err
}
