package siptest

import (
	"bytes"
	"context"
	"maps"
	"sync"

	"callbook/internal/addressbook"
	"callbook/internal/trunk"
)

// Records keeps the records of calls in memory, as a carrier stores them. The zero Records
// is empty.
type Records struct {
	mu  sync.Mutex
	all map[addressbook.SID][]byte
}

// AddDialogs stores a record of those calls that have none, and returns these.
func (r *Records) AddDialogs(_ context.Context, calls []addressbook.SID, record []byte) (added []addressbook.SID, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = make(map[addressbook.SID][]byte)
	}
	for _, call := range calls {
		if _, ok := r.all[call]; !ok {
			r.all[call] = record
			added = append(added, call)
		}
	}
	return added, nil
}

// SaveDialog stores the record of a call.
func (r *Records) SaveDialog(_ context.Context, call addressbook.SID, record []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = make(map[addressbook.SID][]byte)
	}
	r.all[call] = record
	return nil
}

// Dialogs returns the records of those calls that have one.
func (r *Records) Dialogs(_ context.Context, calls []addressbook.SID) (map[addressbook.SID][]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := make(map[addressbook.SID][]byte)
	for _, sid := range calls {
		if record, ok := r.all[sid]; ok {
			found[sid] = record
		}
	}
	return found, nil
}

// TestDialogs returns the test calls that have a record.
func (r *Records) TestDialogs(context.Context) (calls []addressbook.SID, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for sid := range r.all {
		if bytes.Compare(sid[:], trunk.EndOfTestCalls[:]) < 0 {
			calls = append(calls, sid)
		}
	}
	return calls, nil
}

// DropDialogs deletes the records of calls.
func (r *Records) DropDialogs(_ context.Context, calls []addressbook.SID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, sid := range calls {
		delete(r.all, sid)
	}
	return nil
}

// Copy returns a copy, as another process finds the records after a crash.
func (r *Records) Copy() *Records {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Records{all: maps.Clone(r.all)}
}
