package web_test

import (
	"context"

	"callbook/internal/upload"
)

// gatedStore lets a batch through for each value from its gate.
type gatedStore struct {
	upload.Store
	gate chan struct{}
}

func (s *gatedStore) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	select {
	case <-s.gate:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return s.Store.ApplyBatch(ctx, b)
}
