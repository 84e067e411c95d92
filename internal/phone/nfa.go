package phone

import (
	"fmt"
	"regexp/syntax"
)

// nfa is a nondeterministic finite automaton of one or more regular expressions
// over digits.
type nfa struct {
	nodes  []node
	starts []uint32 // where each expression starts
}

type node struct {
	kind       nodeKind
	digits     uint16 // nodeDigit: the set of digits to read
	out, other uint32
	accept     uint32 // nodeMatch: the bits of the expression
}

type nodeKind uint8

const (
	nodeFail  nodeKind = iota
	nodeMatch          // the expression ends here
	nodeDigit          // reads one of digits and goes to out
	nodeSplit          // goes to out and to other; out has priority
	nodeSkip           // goes to out
	nodeGroup          // goes to out; opens the expression's last group
	nodeEnd            // goes to out, but only after the last digit
)

// add adds an expression that is anchored at its start. Accept is the set of bits
// that its match reports.
func (n *nfa) add(expression string, accept uint32) error {
	// Package regexp takes the same steps.
	re, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return fmt.Errorf("phone: pattern %q: %w", expression, err)
	}
	lastGroup := re.MaxCap()
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return fmt.Errorf("phone: pattern %q: %w", expression, err)
	}
	base := uint32(len(n.nodes))
	for i := range prog.Inst {
		inst := &prog.Inst[i]
		d := node{out: base + inst.Out}
		switch inst.Op {
		case syntax.InstMatch:
			d.kind, d.accept = nodeMatch, accept
		case syntax.InstFail:
			d.kind = nodeFail
		case syntax.InstNop:
			d.kind = nodeSkip
		case syntax.InstCapture:
			d.kind = nodeSkip
			if lastGroup > 0 && inst.Arg == uint32(2*lastGroup) {
				d.kind = nodeGroup
			}
		case syntax.InstAlt, syntax.InstAltMatch:
			d.kind, d.other = nodeSplit, base+inst.Arg
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg) != syntax.EmptyEndText {
				return errAnchors
			}
			d.kind = nodeEnd
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			d.kind = nodeDigit
			for v := range 10 {
				if reads(inst, rune('0'+v)) {
					d.digits |= 1 << v
				}
			}
		}
		n.nodes = append(n.nodes, d)
	}
	n.starts = append(n.starts, base+uint32(prog.Start))
	return nil
}

func reads(inst *syntax.Inst, r rune) bool {
	if inst.Op == syntax.InstRuneAny || inst.Op == syntax.InstRuneAnyNotNL {
		return true
	}
	return inst.MatchRune(r)
}
