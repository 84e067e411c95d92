package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// helpCmd lists "help" among the commands; [orHelp] implements it.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command."`
}

// orHelp appends --help to arguments that name no command, or only a group of commands.
// It changes "help key create" to "key create --help".
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

// helpOn returns the command line with the help for a usage error.
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
