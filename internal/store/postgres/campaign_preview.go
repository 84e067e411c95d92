package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/campaign"
	"callbook/internal/phone"
)

// Preview implements [campaign.Store].
func (db *DB) Preview(ctx context.Context, account account.ID, s *campaign.Settings, refuses func(phone.Number) campaign.Reason) (p campaign.Preview, err error) {
	var n phone.Number
	look := func(rows pgx.Rows) error {
		p.Refused = nil
		_, err := pgx.ForEachRow(rows, []any{(*numberValue)(&n)}, func() error {
			p.Refuse(refuses(n))
			return nil
		})
		return err
	}
	free := func(number string) string {
		return ` (NOT EXISTS (SELECT FROM suppressions WHERE account_id = $1) OR NOT EXISTS
			(SELECT FROM suppressions WHERE account_id = $1 AND suppressions.number IN (` + number + `, ` + markOf(number) + `)))`
	}
	scan := func(row pgx.Row) error { return row.Scan(&p.Targets, &p.Duplicates, &p.Suppressed) }
	err = db.read(ctx, purpose{account, len(s.From) == 0}, "count what a campaign would call", func(t *tx) error {
		if len(s.From) > 0 {
			numbers := make(numberColumn, len(s.From))
			for i := range s.From {
				numbers[i] = (*numberValue)(&s.From[i])
			}
			t.queue(`SELECT count(*), 0, count(*) FILTER (WHERE EXISTS
					(SELECT FROM suppressions WHERE account_id = $1 AND suppressions.number IN (new.number, `+markOf("new.number")+`)))
				FROM unnest($2::bigint[]) AS new (number)`, account, numbers).QueryRow(scan)
			t.queue(`SELECT number FROM unnest($2::bigint[]) AS new (number) WHERE`+free("new.number"), account, numbers).Query(look)
			return nil
		}
		// Contacts have different numbers, so distinct contacts are distinct targets.
		targets := `count(DISTINCT contact_sid)`
		suppressed := `DISTINCT list_members.contact_sid`
		if s.Duplicates {
			targets, suppressed = `count(*)`, `*`
		}
		t.queue(`SELECT `+targets+`, count(*) - `+targets+`, (SELECT count(`+suppressed+`) FROM suppressions
				JOIN contacts ON contacts.account_id = $1 AND contacts.number = suppressions.number
				JOIN list_members ON list_members.account_id = $1 AND list_members.contact_sid = contacts.sid
				WHERE suppressions.account_id = $1 AND list_members.list_sid = ANY($2))
				+ (SELECT count(`+suppressed+`) FROM list_members JOIN contacts ON contacts.account_id = $1 AND contacts.sid = list_members.contact_sid
				WHERE list_members.account_id = $1 AND list_members.list_sid = ANY($2)
				AND EXISTS (SELECT FROM suppressions WHERE account_id = $1 AND number < 0) AND EXISTS
					(SELECT FROM suppressions WHERE account_id = $1 AND number = `+markOf("contacts.number")+`))
			FROM list_members WHERE account_id = $1 AND list_sid = ANY($2)`, account, sids(s.Lists)).QueryRow(scan)
		members := `SELECT contact_sid FROM list_members WHERE account_id = $1 AND list_sid = ANY($2)`
		if !s.Duplicates {
			members += ` GROUP BY contact_sid`
		}
		t.queue(`SELECT number FROM (`+members+`) AS members JOIN contacts ON contacts.account_id = $1 AND contacts.sid = contact_sid
			WHERE`+free("contacts.number"), account, sids(s.Lists)).Query(look)
		return nil
	})
	if err != nil {
		return campaign.Preview{}, err
	}
	return p, nil
}
