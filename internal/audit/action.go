package audit

import (
	"slices"
	"strings"
)

// Action is what was done: a subject and a verb, as "contacts.create".
type Action string

// The actions. Their names are part of the API.
const (
	ContactsCreate  Action = "contacts.create"
	ContactsUpdate  Action = "contacts.update"
	ContactsDelete  Action = "contacts.delete"
	ContactsRestore Action = "contacts.restore"
	ContactsErase   Action = "contacts.erase" // from the trash, for good

	PersonsErase Action = "persons.erase" // everything about a number

	ListsCreate  Action = "lists.create"
	ListsUpdate  Action = "lists.update"
	ListsDelete  Action = "lists.delete"
	ListsRestore Action = "lists.restore"
	ListsErase   Action = "lists.erase"

	MembersAdd    Action = "members.add"
	MembersRemove Action = "members.remove"

	ImportsReceive Action = "imports.receive" // a file that waits to be started
	ImportsChange  Action = "imports.change"  // how that file is read
	ImportsDiscard Action = "imports.discard"
	ImportsStart   Action = "imports.start"
	ImportsFinish  Action = "imports.finish"
	ImportsCancel  Action = "imports.cancel"
	ImportsUndo    Action = "imports.undo"

	CampaignsCreate  Action = "campaigns.create"
	CampaignsUpdate  Action = "campaigns.update" // its settings, or pause, resume and the like
	CampaignsDelete  Action = "campaigns.delete"
	CallbacksResend  Action = "callbacks.resend"
	RecordingsDelete Action = "recordings.delete" // of a call

	SuppressionsAdd    Action = "suppressions.add"
	SuppressionsRemove Action = "suppressions.remove"

	FlowsCreate    Action = "flows.create"
	FlowsReplace   Action = "flows.replace"
	FlowsDelete    Action = "flows.delete"
	PromptsCreate  Action = "prompts.create"
	PromptsReplace Action = "prompts.replace"
	PromptsDelete  Action = "prompts.delete"

	AccountsCreate Action = "accounts.create"
	AccountsSet    Action = "accounts.set"
	AccountsDelete Action = "accounts.delete"
	TrashEmpty     Action = "trash.empty"
	TrashExpire    Action = "trash.expire" // what was in the trash for too long
	KeysCreate     Action = "keys.create"
	KeysRevoke     Action = "keys.revoke"
	KeysExpire     Action = "keys.expire"
	KeysRefused    Action = "keys.refused" // a request with a wrong key or token, or from outside of the key's networks

	LinksCreate     Action = "links.create"
	SessionsBegin   Action = "sessions.begin"
	SessionsEnd     Action = "sessions.end"
	SessionsRefused Action = "sessions.refused" // somebody could not sign in

	TrunksCreate Action = "trunks.create"
	TrunksUpdate Action = "trunks.update"
	TrunksDelete Action = "trunks.delete"
	TrunksCall   Action = "trunks.call" // a test call

	DatabasesCopy    Action = "databases.copy"    // from another database into this one
	DatabasesRestore Action = "databases.restore" // a backup has become this database
)

// Actions are all actions.
var Actions = []Action{
	ContactsCreate, ContactsUpdate, ContactsDelete, ContactsRestore, ContactsErase, PersonsErase, ListsCreate, ListsUpdate, ListsDelete, ListsRestore,
	ListsErase, MembersAdd, MembersRemove, ImportsReceive, ImportsChange, ImportsDiscard, ImportsStart, ImportsFinish, ImportsCancel, ImportsUndo,
	CampaignsCreate, CampaignsUpdate, CampaignsDelete, CallbacksResend, RecordingsDelete, SuppressionsAdd, SuppressionsRemove, FlowsCreate,
	FlowsReplace, FlowsDelete, PromptsCreate, PromptsReplace, PromptsDelete, AccountsCreate, AccountsSet, AccountsDelete, TrashEmpty, TrashExpire,
	KeysCreate, KeysRevoke, KeysExpire, KeysRefused, LinksCreate, SessionsBegin, SessionsEnd, SessionsRefused, TrunksCreate, TrunksUpdate, TrunksDelete, TrunksCall, DatabasesCopy, DatabasesRestore,
}

// ParseAction parses what a filter takes: an action, or the beginning of some up to the
// dot, as "contacts.".
func ParseAction(text string) (a Action, ok bool) {
	return Action(text), slices.ContainsFunc(Actions, func(a Action) bool {
		return string(a) == text || strings.HasSuffix(text, ".") && strings.HasPrefix(string(a), text)
	})
}
