package dashboard_test

import (
	"context"

	"callbook/internal/importer"
)

// gatedStore lets a batch through for each value from its gate.
type gatedStore struct {
	importer.Store
	gate chan struct{}
}

func (s *gatedStore) ApplyBatch(ctx context.Context, b *importer.Batch) (importer.State, error) {
	select {
	case <-s.gate:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return s.Store.ApplyBatch(ctx, b)
}
