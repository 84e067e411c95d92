package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// helpCmd is in the list of commands; [orHelp] does what it is for.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command."`
}

// orHelp returns the arguments, and --help behind them when they name only a group of
// commands, or nothing. "help key create" becomes "key create --help".
func orHelp(parser *kong.Kong, args []string) []string {
	asked := len(args) > 0 && args[0] == "help"
	if asked {
		args = args[1:]
	}
	node := parser.Model.Node
	for _, arg := range args {
		i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == arg })
		if i < 0 {
			return args
		}
		node = node.Children[i]
	}
	if node.Leaf() && !asked {
		return args
	}
	return append(slices.Clip(args), "--help")
}

// helpOn is the command line that shows the help of the command that a usage error is
// about.
func helpOn(usage error) string {
	words := []string{}
	if e, ok := errors.AsType[*kong.ParseError](usage); ok && e.Context != nil {
		// The first node is the program itself.
		for node := e.Context.Selected(); node != nil && node.Parent != nil; node = node.Parent {
			words = append(words, node.Name)
		}
	}
	words = append(words, "help", "callbook")
	slices.Reverse(words)
	return strings.Join(words, " ")
}
