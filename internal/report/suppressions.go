package report

import (
	"context"
	"io"

	"callbook/internal/account"
	"callbook/internal/csvcell"
	"callbook/internal/suppression"
)

// Suppressed provides the rows of a file of suppressions. [suppression.Suppressions] is
// one.
type Suppressed interface {
	List(ctx context.Context, acct account.Account, number string, q suppression.Query) (suppression.Page, error)
}

// WriteSuppressions writes the account's suppressions, ordered by number. An import of the
// file adds the same ones, apart from their dates. It is not a snapshot: one that is added
// or removed in the meantime may be missing. It writes nothing before it has read the
// first page.
func WriteSuppressions(ctx context.Context, source Suppressed, acct account.Account, to io.Writer) error {
	w := &writer{to: to, zone: acct.TimeZone}
	w.b = append(append(w.b, csvcell.ByteOrderMark...), "number,source,note,date_created\n"...)
	q := suppression.Query{ByNumber: true, Limit: pageRows}
	read := func() (suppression.Page, error) { return source.List(ctx, acct, "", q) }
	for page, err := range pages(ctx, read, func(page suppression.Page) bool {
		if n := len(page.Suppressions); n > 0 {
			q.After = page.Suppressions[n-1].Number
		}
		return len(page.Suppressions) == pageRows
	}) {
		if err != nil {
			return err
		}
		for i := range page.Suppressions {
			s := &page.Suppressions[i]
			w.b = append(s.Number.AppendTo(w.b), ',')
			w.b = appendText(w.b, s.Source)
			w.b = appendText(append(w.b, ','), s.Note)
			w.time(s.Created)
			w.b = append(w.b, '\n')
		}
		if err := w.flush(bufferBytes); err != nil {
			return err
		}
	}
	return w.flush(0)
}
