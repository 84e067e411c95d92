package phone

import (
	"encoding/binary"
	"errors"
	"slices"
)

// automaton reads digits, a table look-up each, and says at any point which
// patterns match what was read. In state dead nothing can match any more.
type automaton struct {
	next   [][10]uint16
	accept []uint32
}

const (
	dead  = 0
	start = 1
	// maxStates bounds what a pattern may cost; it is many times what the
	// largest of the metadata needs.
	maxStates = 8192
)

var (
	errTooManyStates = errors.New("phone: pattern needs too many states")
	errAnchors       = errors.New("phone: pattern has anchors that tables do not know")
)

// read returns the patterns that match all of digits.
func (a *automaton) read(digits []byte) uint32 {
	s := uint16(start)
	for _, v := range digits {
		s = a.next[s][v]
	}
	return a.accept[s]
}

// starts returns the set of digits that something matched can start with.
func (a *automaton) starts() (digits uint16) {
	for v, s := range a.next[start] {
		if s != dead {
			digits |= 1 << v
		}
	}
	return digits
}

// threads is a state of an automaton while it is made: where in the patterns
// reading may be, and what matches there.
type threads struct {
	at     []uint32
	accept uint32
}

// construct makes the automaton that starts with first and goes on with step:
// the subset construction.
func construct(first threads, step func(at []uint32, digit int) threads) (*automaton, error) {
	a := &automaton{}
	ids := map[string]uint16{}
	var states []threads
	var key []byte
	number := func(t threads) (uint16, error) {
		key = binary.LittleEndian.AppendUint32(key[:0], t.accept)
		for _, at := range t.at {
			key = binary.LittleEndian.AppendUint32(key, at)
		}
		if id, ok := ids[string(key)]; ok {
			return id, nil
		}
		if len(states) == maxStates {
			return 0, errTooManyStates
		}
		id := uint16(len(states))
		ids[string(key)] = id
		states = append(states, t)
		return id, nil
	}
	for _, t := range []threads{{}, first} {
		if _, err := number(t); err != nil {
			return nil, err
		}
	}
	for i := 0; i < len(states); i++ {
		var row [10]uint16
		for v := range row {
			id, err := number(step(states[i].at, v))
			if err != nil {
				return nil, err
			}
			row[v] = id
		}
		a.next = append(a.next, row)
		a.accept = append(a.accept, states[i].accept)
	}
	a.next, a.accept = slices.Clip(a.next), slices.Clip(a.accept)
	return a, nil
}

// newSet makes the automaton of all the patterns in n: read tells which of
// them match, each from the first digit to the last.
func newSet(n *nfa) (*automaton, error) {
	for i := range n.nodes {
		if n.nodes[i].kind == nodeEnd {
			return nil, errAnchors
		}
	}
	w := walk{nfa: n, seen: make([]uint32, len(n.nodes))}
	step := func(at []uint32, digit int) threads {
		w.restart()
		for _, i := range at {
			if n.nodes[i].digits>>digit&1 != 0 {
				w.follow(n.nodes[i].out)
			}
		}
		t := w.threads()
		slices.Sort(t.at)
		return t
	}
	w.restart()
	for _, i := range n.starts {
		w.follow(i)
	}
	first := w.threads()
	slices.Sort(first.at)
	return construct(first, step)
}

// walk follows, without reading, all the ways from a place in the patterns.
type walk struct {
	nfa    *nfa
	seen   []uint32
	round  uint32
	at     []uint32
	accept uint32
}

func (w *walk) restart() {
	w.round++
	w.at, w.accept = w.at[:0], 0
}

func (w *walk) follow(i uint32) {
	if w.seen[i] == w.round {
		return
	}
	w.seen[i] = w.round
	switch n := &w.nfa.nodes[i]; n.kind {
	case nodeMatch:
		w.accept |= n.accept
	case nodeDigit:
		w.at = append(w.at, i)
	case nodeSplit:
		w.follow(n.out)
		w.follow(n.other)
	case nodeSkip, nodeGroup:
		w.follow(n.out)
	}
}

func (w *walk) threads() threads {
	return threads{at: slices.Clone(w.at), accept: w.accept}
}
