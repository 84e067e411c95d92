package verify

import (
	"context"
	"fmt"

	"callbook/internal/audit"
)

// audit checks that the entries of the audit log can be read, and that each belongs to an
// account or to the installation.
func (r *runner) audit(ctx context.Context) error {
	accounts := map[int64]string{0: ""}
	for _, a := range r.accounts {
		accounts[int64(a.ID)] = a.SID
	}
	r.count(0, "entries")
	return r.view.AuditEntries(ctx, func(e *audit.Entry) error {
		r.row()
		r.count(1, "entries")
		owner, known := accounts[e.Account]
		switch {
		case !known:
			r.problem("", fmt.Sprintf("entry %x of the audit log belongs to no account", e.SID))
		case e.Action == "" || e.Actor == "" || e.Done <= 0 || e.Failed < 0 || !e.Subjects.Valid():
			r.problem(owner, fmt.Sprintf("entry %x of the audit log is none", e.SID))
		}
		return nil
	})
}
