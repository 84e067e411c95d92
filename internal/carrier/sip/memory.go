package sip

import (
	"bytes"
	"context"
	"sync"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/trunk"
)

// Memory keeps the records of calls in memory, for calls that nobody has to end after a
// crash. The zero Memory is empty.
type Memory struct {
	mu  sync.Mutex
	all map[addressbook.SID][]byte
}

var _ trunk.Dialogs = (*Memory)(nil)

// AddDialogs implements [trunk.Dialogs].
func (m *Memory) AddDialogs(_ context.Context, calls []addressbook.SID, record []byte) (added []addressbook.SID, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = make(map[addressbook.SID][]byte)
	}
	for _, call := range calls {
		if _, ok := m.all[call]; !ok {
			m.all[call] = record
			added = append(added, call)
		}
	}
	return added, nil
}

// SaveDialog implements [trunk.Dialogs].
func (m *Memory) SaveDialog(_ context.Context, call addressbook.SID, record []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = make(map[addressbook.SID][]byte)
	}
	m.all[call] = record
	return nil
}

// Dialogs implements [trunk.Dialogs].
func (m *Memory) Dialogs(_ context.Context, calls []addressbook.SID) (map[addressbook.SID][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make(map[addressbook.SID][]byte)
	for _, sid := range calls {
		if record, ok := m.all[sid]; ok {
			found[sid] = record
		}
	}
	return found, nil
}

// TestDialogs implements [trunk.Dialogs].
func (m *Memory) TestDialogs(context.Context) (calls []addressbook.SID, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for sid := range m.all {
		if bytes.Compare(sid[:], trunk.EndOfTestCalls[:]) < 0 {
			calls = append(calls, sid)
		}
	}
	return calls, nil
}

// DropDialogs implements [trunk.Dialogs].
func (m *Memory) DropDialogs(_ context.Context, calls []addressbook.SID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, sid := range calls {
		delete(m.all, sid)
	}
	return nil
}

// DropOldDialogs implements [trunk.Dialogs]. It drops none, since it does not know which calls
// are in flight.
func (m *Memory) DropOldDialogs(context.Context, time.Time, int) (more bool, err error) {
	return false, nil
}
