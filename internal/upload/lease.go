package upload

import (
	"context"
	"errors"
	"time"
)

const (
	// LeaseTime is how long a server may be silent before another takes over
	// what it works.
	LeaseTime = 15 * time.Second
	// defaultPoll is how often leases are renewed, and uploads looked for that
	// nobody works.
	defaultPoll = 3 * time.Second
	// releaseTimeout is how long the end of Run may take to give leases back.
	releaseTimeout = 5 * time.Second
)

// Lease is a server's right to be the only one that works an upload. After Until,
// it lasts until another server claims the upload. The zero Lease is nobody's.
type Lease struct {
	Server string
	Until  time.Time
}

// ErrLost is a store's error when the server that asks does not have the upload's
// lease any more.
var ErrLost = errors.New("the upload is another server's to work")

// lease is one that begins now.
func (i *Importer) lease() Lease {
	return Lease{Server: i.server, Until: i.opts.Now().Add(LeaseTime)}
}

// mind takes over uploads that nobody works, at once and then now and then, and
// keeps the leases of this server's, until ctx ends.
func (i *Importer) mind(ctx context.Context) {
	every := time.NewTicker(i.opts.Poll)
	defer every.Stop()
	failing := false
	for {
		err := errors.Join(i.renew(ctx), i.claim(ctx))
		if err != nil && !failing && ctx.Err() == nil {
			i.opts.Log.Error("leases of uploads could not be renewed or claimed; it will be tried again", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// renew keeps the leases of uploads that wait for their turn, or to be tried
// again. A batch renews its own.
func (i *Importer) renew(ctx context.Context) error {
	i.mu.Lock()
	uploads := make([]Upload, 0, len(i.tasks))
	for _, t := range i.tasks {
		uploads = append(uploads, t.upload)
	}
	i.mu.Unlock()
	if len(uploads) == 0 {
		return nil
	}
	return i.store.RenewUploads(ctx, i.lease(), uploads)
}

// claim takes uploads that nobody works, as many as there is room for.
func (i *Importer) claim(ctx context.Context) error {
	i.mu.Lock()
	room := maxUploads - i.total
	i.mu.Unlock()
	if room <= 0 {
		return nil
	}
	lease := i.lease()
	claimed, err := i.store.ClaimUploads(ctx, lease.Server, i.opts.Now(), lease.Until, room)
	if err != nil {
		return err
	}
	taken := 0
	for _, u := range claimed {
		if i.takeOver(u) {
			taken++
		}
	}
	if taken > 0 {
		i.opts.Log.Info("going on with uploads", "uploads", taken)
	}
	return nil
}

// takeOver queues an upload that was claimed, unless this server has it: it may
// have been late to renew its own lease.
func (i *Importer) takeOver(u Upload) bool {
	i.mu.Lock()
	i.held[u.Account.ID]++
	i.total++
	i.mu.Unlock()
	return i.begin(u)
}

// releaseAll gives the leases back at the end of Run, so that other servers go on
// at once.
func (i *Importer) releaseAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := i.store.ReleaseUploads(ctx, i.server); err != nil {
		i.opts.Log.Error("the leases of uploads could not be given back; they run out", "error", err)
	}
}
