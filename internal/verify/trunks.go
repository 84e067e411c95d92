package verify

import (
	"context"
	"fmt"

	"callbook/internal/trunk"
)

// trunks checks that the trunks can be read, as far as that needs no key, and that each
// dialog is the record of a call.
func (r *runner) trunks(ctx context.Context) error {
	r.count(0, "trunks")
	err := r.view.Trunks(ctx, func(row *trunk.Row) error {
		r.row()
		r.count(1, "trunks")
		if err := row.Check(); err != nil {
			r.problem("", fmt.Sprintf("trunk %q is not as it may be: %v", row.Name, err))
		}
		return nil
	})
	if err != nil {
		return err
	}
	all, broken, err := r.view.Dialogs(ctx)
	r.count(all, "records of calls") // they stay for some minutes after the end
	if broken > 0 {
		r.problem("", fmt.Sprintf("%d records of calls in progress are none", broken))
	}
	return err
}
