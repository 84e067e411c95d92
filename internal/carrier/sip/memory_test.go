package sip

import "maps"

// Copy returns a copy, such as another process would find after a crash.
func (m *Memory) Copy() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{all: maps.Clone(m.all)}
}
