package phone

import "slices"

// The bits that a state of a prefix automaton accepts.
const (
	matchHere    = 1 << iota // the expression matches the digits read so far
	groupHere                // and its last group took part
	matchAtEnd               // it matches if no more digits follow
	groupAtEnd               // and its last group took part
	prefixAccept = 0         // the expression's own bits: none, since nothing reads them
)

// newPrefix builds the automaton of an expression that is matched at the start of
// a number. The length of the match follows the rules of package regexp: leftmost
// alternatives and greedy repetitions have priority.
func newPrefix(expression string) (*automaton, error) {
	var n nfa
	if err := n.add(expression, prefixAccept); err != nil {
		return nil, err
	}
	from := []uint32{n.starts[0] << 1}
	step := func(at []uint32, digit int) threads {
		from = from[:0]
		for _, t := range at {
			if d := &n.nodes[t>>1]; d.digits>>digit&1 != 0 {
				from = append(from, d.out<<1|t&1)
			}
		}
		return orderedThreads(&n, from)
	}
	return construct(orderedThreads(&n, from), step)
}

// orderedThreads computes the epsilon closure of from, in order of priority. A
// thread is twice its node, plus 1 when the last group was opened on its path.
func orderedThreads(n *nfa, from []uint32) threads {
	here := orderedWalk{nfa: n, seen: make([]bool, len(n.nodes))}
	end := orderedWalk{nfa: n, seen: make([]bool, len(n.nodes)), atEnd: true}
	for _, t := range from {
		here.follow(t>>1, t&1)
		end.follow(t>>1, t&1)
	}
	t := threads{at: slices.Clone(here.at)}
	if here.matched {
		t.accept |= matchHere | here.group*groupHere
	}
	if end.matched {
		t.accept |= matchAtEnd | end.group*groupAtEnd
	}
	return t
}

type orderedWalk struct {
	nfa     *nfa
	seen    []bool
	atEnd   bool
	at      []uint32
	matched bool
	group   uint32
}

// follow adds the node and its closure. The first path to a node has priority, so
// later ones are dropped, as are all threads of lower priority than a match.
func (w *orderedWalk) follow(i, group uint32) {
	if w.matched || w.seen[i] {
		return
	}
	w.seen[i] = true
	switch n := &w.nfa.nodes[i]; n.kind {
	case nodeMatch:
		w.matched, w.group = true, group
	case nodeDigit:
		w.at = append(w.at, i<<1|group)
	case nodeSplit:
		w.follow(n.out, group)
		w.follow(n.other, group)
	case nodeSkip:
		w.follow(n.out, group)
	case nodeGroup:
		w.follow(n.out, 1)
	case nodeEnd:
		if w.atEnd {
			w.follow(n.out, group)
		}
	}
}

// prefix returns the length of the match at the start of digits, or -1, and
// whether the expression's last group took part in it.
func (a *automaton) prefix(digits []byte) (length int, group bool) {
	length = -1
	s := uint16(start)
	for i, v := range digits {
		if accept := a.accept[s]; accept&matchHere != 0 {
			length, group = i, accept&groupHere != 0
		}
		if s = a.next[s][v]; s == dead {
			return length, group
		}
	}
	if accept := a.accept[s]; accept&matchAtEnd != 0 {
		length, group = len(digits), accept&groupAtEnd != 0
	}
	return length, group
}
