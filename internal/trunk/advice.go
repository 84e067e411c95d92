package trunk

import "slices"

// Advice returns what to look at after a call over a trunk has failed with a SIP status,
// as a sentence for whoever set up the trunk, or "" if the status tells nothing about the
// trunk. Messages are those of the call.
func Advice(code int, messages []Message) string {
	if !slices.ContainsFunc(messages, func(m Message) bool { return !m.Sent }) {
		return "Compare host, port and transport with what the company or the PBX says, and look whether a firewall is in the way, or whether the trunk knows this server by another address."
	}
	switch code {
	case 401, 407:
		return "Give the trunk the user and the password that it asks for."
	case 403:
		return "The trunk says no for a reason of its own: a wrong user or password, an address of this server that it does not know, a caller id that is not yours, or a number that it does not call."
	case 404, 484, 604:
		return "If the number exists, the trunk may want numbers in another form, or with a prefix."
	case 415, 488, 606:
		return "Give the trunk the codec that it takes, and demand encrypted sound only if it does too."
	case 420, 421:
		return "Ask the company or look into the PBX which extension of SIP it demands, and whether it can do without."
	case 301, 302, 305:
		return "Give the trunk the address that its answer names as Contact."
	}
	return ""
}
