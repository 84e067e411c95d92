package phone

import (
	"encoding/binary"
	"errors"
	"slices"
)

// automaton is a deterministic finite automaton over digits. It costs one table look-up
// per digit. Each state knows the set of patterns that match the digits read so far. From
// the state dead, no pattern can match any more.
type automaton struct {
	next   [][10]uint16 // by state and digit
	accept []uint32     // by state: the set of patterns that match
}

const (
	dead  = 0
	start = 1
	// maxStates bounds the memory of a pattern. The largest pattern of the
	// metadata needs a small part of it.
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

// starts returns the set of digits that a match can start with.
func (a *automaton) starts() (digits uint16) {
	for v, s := range a.next[start] {
		if s != dead {
			digits |= 1 << v
		}
	}
	return digits
}

// threads is a state of an automaton while it is built: the set of NFA nodes
// that reading may have reached, and the patterns that match there.
type threads struct {
	at     []uint32
	accept uint32
}

// construct builds a deterministic automaton by the subset construction. First is its
// start state. Step returns the state to which a digit leads.
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

// newSet builds one automaton for all patterns in n. Its read method returns
// which of them match all of the digits.
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

// walk computes the epsilon closure of NFA nodes: the nodes that can be reached
// from them without reading a digit.
type walk struct {
	nfa    *nfa
	seen   []uint32 // by node: the last round that reached it
	round  uint32   // counts restarts, so that seen need not be cleared
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
