package browsertest

import (
	"context"
	"sync"

	"callbook/internal/upload"
)

// pacedStore lets only so many batches through, so that there is time to watch.
type pacedStore struct {
	upload.Store

	mu      sync.Mutex
	changed *sync.Cond
	left    int
}

func newPacedStore(store upload.Store) *pacedStore {
	p := &pacedStore{Store: store}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// let lets so many more through.
func (p *pacedStore) let(batches int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left += batches
	p.changed.Broadcast()
}

func (p *pacedStore) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	defer context.AfterFunc(ctx, func() { p.let(0) })()
	p.mu.Lock()
	for p.left == 0 && ctx.Err() == nil {
		p.changed.Wait()
	}
	p.left--
	p.mu.Unlock()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return p.Store.ApplyBatch(ctx, b)
}
