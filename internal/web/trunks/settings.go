package trunks

import (
	"fmt"
	"strconv"
	"strings"

	"callbook/internal/trunk"
	"callbook/internal/web/shell"
)

// formats are the formats of numbers, in the order of the form.
var formats = []shell.Option{
	{Value: string(trunk.Plus), Label: "+919876543210"},
	{Value: string(trunk.Bare), Label: "919876543210"},
	{Value: string(trunk.National), Label: "09876543210"},
}

// codecs are the choices of codecs, in the order of the form.
var codecs = []shell.Option{
	{Value: "pcma,pcmu", Label: "A-law (PCMA), else µ-law"},
	{Value: "pcmu,pcma", Label: "µ-law (PCMU), else A-law"},
	{Value: "pcma", Label: "A-law (PCMA) only"},
	{Value: "pcmu", Label: "µ-law (PCMU) only"},
}

func labelOf(options []shell.Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// codecsOf returns the trunk's codecs as a Value of codecs.
func codecsOf(t *trunk.Trunk) string { return strings.Join(t.CodecNames(), ",") }

// settingsOf describes what a trunk has, without its password.
func settingsOf(t *trunk.Trunk) (all []shell.Option) {
	add := func(label, format string, args ...any) {
		all = append(all, shell.Option{Label: label, Value: fmt.Sprintf(format, args...)})
	}
	add("Address", "%s", t.Address())
	switch {
	case t.HasPassword:
		add("User", "%s, with a password, which is kept encrypted", t.User)
	case t.User != "":
		add("User", "%s, without a password", t.User)
	}
	add("Calls numbers that begin with", "%s", listOr(t.Prefixes, "anything"))
	add("May show", "%s", listOr(t.CallerIDs, "any caller id"))
	add("Numbers are written as", "%s", labelOf(formats, string(t.Format)))
	add("At most", "%s calls a second, %s at the same time", strconv.Itoa(t.CallsASecond), strconv.Itoa(t.Channels))
	add("Codecs", "%s", labelOf(codecs, codecsOf(t)))
	if t.SRTP {
		add("Encrypted sound", "demanded")
	}
	if t.Symmetric {
		add("Sound from another address", "taken")
	}
	if t.Register {
		add("Registration", "callbook registers with it")
	}
	if len(t.Outcomes) > 0 {
		add("Failed calls count as", "%s", strings.Join(t.OutcomeTexts(), ", "))
	}
	return all
}

func listOr(all []string, none string) string {
	if len(all) == 0 {
		return none
	}
	return strings.Join(all, ", ")
}
