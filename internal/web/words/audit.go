package words

import (
	"strings"

	"callbook/internal/audit"
)

// deed is how pages tell of an action: "Added 3 contacts".
type deed struct{ verb, one, many string }

var deeds = map[audit.Action]deed{
	audit.ContactsCreate:     {"Added", "contact", "contacts"},
	audit.ContactsUpdate:     {"Changed", "contact", "contacts"},
	audit.ContactsDelete:     {"Deleted", "contact", "contacts"},
	audit.ContactsRestore:    {"Restored", "contact", "contacts"},
	audit.ContactsErase:      {"Deleted for good", "contact", "contacts"},
	audit.PersonsErase:       {"Erased a person:", "record", "records"},
	audit.ListsCreate:        {"Made", "list", "lists"},
	audit.ListsUpdate:        {"Changed", "list", "lists"},
	audit.ListsDelete:        {"Deleted", "list", "lists"},
	audit.ListsRestore:       {"Restored", "list", "lists"},
	audit.ListsErase:         {"Deleted for good", "list", "lists"},
	audit.MembersAdd:         {"Put into a list:", "contact", "contacts"},
	audit.MembersRemove:      {"Took out of a list:", "contact", "contacts"},
	audit.TrashEmpty:         {"Emptied the trash of", "contact or list", "contacts and lists"},
	audit.TrashExpire:        {"Deleted from the trash what was old:", "contact or list", "contacts and lists"},
	audit.ImportsReceive:     {"Sent", "file to import", "files to import"},
	audit.ImportsChange:      {"Changed how to read", "file", "files"},
	audit.ImportsDiscard:     {"Discarded", "file", "files"},
	audit.ImportsStart:       {"Started", "import", "imports"},
	audit.ImportsFinish:      {"Imported", "row", "rows"},
	audit.ImportsCancel:      {"Cancelled", "import", "imports"},
	audit.ImportsUndo:        {"Undid", "import", "imports"},
	audit.CampaignsCreate:    {"Made", "campaign", "campaigns"},
	audit.CampaignsUpdate:    {"Changed", "campaign", "campaigns"},
	audit.CampaignsDelete:    {"Deleted", "campaign", "campaigns"},
	audit.CallbacksResend:    {"Sent again", "callback", "callbacks"},
	audit.RecordingsDelete:   {"Deleted", "recording of a call", "recordings of calls"},
	audit.SuppressionsAdd:    {"Added", "number that is not called", "numbers that are not called"},
	audit.SuppressionsRemove: {"Allowed to call", "number", "numbers"},
	audit.FlowsCreate:        {"Made", "flow", "flows"},
	audit.FlowsReplace:       {"Changed", "flow", "flows"},
	audit.FlowsDelete:        {"Deleted", "flow", "flows"},
	audit.PromptsCreate:      {"Added", "recording", "recordings"},
	audit.PromptsReplace:     {"Replaced", "recording", "recordings"},
	audit.PromptsDelete:      {"Deleted", "recording", "recordings"},
	audit.AccountsCreate:     {"Made", "account", "accounts"},
	audit.AccountsSet:        {"Changed the settings of", "account", "accounts"},
	audit.AccountsDelete:     {"Began to delete", "account", "accounts"},
	audit.KeysCreate:         {"Made", "API key", "API keys"},
	audit.KeysRevoke:         {"Revoked", "API key", "API keys"},
	audit.KeysExpire:         {"Set an end to", "API key", "API keys"},
	audit.KeysRefused:        {"Refused", "request with a wrong key", "requests with wrong keys"},
	audit.LinksCreate:        {"Made", "login link", "login links"},
	audit.SessionsBegin:      {"Signed in", "browser", "browsers"},
	audit.SessionsEnd:        {"Signed out", "browser", "browsers"},
	audit.SessionsRefused:    {"Refused to sign in", "browser", "browsers"},
	audit.TrunksCreate:       {"Added", "trunk", "trunks"},
	audit.TrunksUpdate:       {"Changed", "trunk", "trunks"},
	audit.TrunksDelete:       {"Deleted", "trunk", "trunks"},
	audit.TrunksCall:         {"Placed", "test call", "test calls"},
	audit.DatabasesCopy:      {"Copied into this database:", "account", "accounts"},
	audit.DatabasesRestore:   {"Restored", "backup", "backups"},
}

// Entry is an entry of the audit log as pages show it.
type Entry struct {
	audit.Entry
	What, Who string
	Details   string // the fields, and how many failed; may be ""
}

// EntryOf returns an entry in words. Keys are the names of API keys by their ids, as far
// as they are known.
func EntryOf(e audit.Entry, keys map[string]string) Entry {
	shown := Entry{Entry: e, Who: actor(e.Actor, keys)}
	if d, ok := deeds[e.Action]; ok {
		shown.What = d.verb + " " + Plural(e.Done, d.one, d.many)
	} else {
		shown.What = string(e.Action) + ": " + Count(e.Done)
	}
	var details []string
	for _, field := range e.Fields {
		details = append(details, strings.ReplaceAll(field, "_", " "))
	}
	if e.Failed > 0 {
		details = append(details, Count(e.Failed)+" failed")
	}
	shown.Details = strings.Join(details, ", ")
	return shown
}

// Entries returns entries in words.
func Entries(all []audit.Entry, keys map[string]string) []Entry {
	shown := make([]Entry, len(all))
	for i, e := range all {
		shown[i] = EntryOf(e, keys)
	}
	return shown
}

func actor(a audit.Actor, keys map[string]string) string {
	kind, id := a.Split()
	switch kind {
	case "key":
		if name := keys[id]; name != "" {
			return "API key " + name
		}
		return "API key " + id[:min(len(id), 8)]
	case "session":
		return "Dashboard"
	case "command":
		return "Command"
	case "import":
		return "Import"
	case "link":
		return "Login link"
	case "stranger":
		return "Somebody unknown"
	}
	return "callbook itself"
}
