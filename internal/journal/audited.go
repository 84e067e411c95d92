package journal

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/audit"
)

// Audited returns a context and a Ready for a write that the audit log tells of. When the
// results are known, it calls change with them, and the store writes an entry in the
// transaction of the write.
func Audited[T any](ctx context.Context, account account.ID, ready Ready[T], change func(results T) audit.Change) (context.Context, Ready[T]) {
	ctx, note := audit.Begin(ctx, account)
	return ctx, func(results T) *Receipt {
		note.Tell(change(results))
		return ready.Receipt(results)
	}
}
