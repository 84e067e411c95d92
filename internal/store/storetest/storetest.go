// Package storetest is the contract of the stores, written as tests. Every
// engine runs them, so that a server behaves the same on each.
//
// What an engine does in its own way (its files, its locks, how it recovers
// when a commit fails) is tested beside the engine.
package storetest

import (
	"slices"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/auditlog"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/journal"
	"callbook/internal/person"
	"callbook/internal/prompt"
	"callbook/internal/recording"
	"callbook/internal/suppression"
	"callbook/internal/trash"
	"callbook/internal/trunk"
	"callbook/internal/upload"
)

// Stores are the stores of one database.
type Stores struct {
	Accounts account.Store
	Contacts addressbook.Store
	Trash    trash.Store
	Receipts journal.Store
	// Uploads may be nil where only the others are tested, and so may those of campaigns.
	Uploads      upload.Store
	Campaigns    campaign.Store
	Dialing      dialer.Store
	Suppressions suppression.Store
	Flows        library.Store
	Prompts      prompt.Store
	Recordings   recording.Store
	Trunks       trunk.Store
	CallDialogs  trunk.Dialogs
	Persons      person.Store
	Audit        auditlog.Store
	// Reopen closes them and opens them anew on what is stored, as a restart
	// of the server does. The old ones are not used again.
	Reopen func() Stores
	// FailCommits, where an engine has it, makes each commit fail with this
	// error, until it is called with nil. Only models use it.
	FailCommits func(error)
}

// AddressBook runs the contract of [addressbook.Store], and that of
// [journal.Store], which is about its writes. Open gives each test a
// database of its own: its schema in place, nothing in it, closed when the test
// ends.
func AddressBook(t *testing.T, open func(t *testing.T) Stores) {
	runAddressBook(t, open, reads, readsAndWrites, writes)
}

// AddressBookReads runs what of [AddressBook] is about pages, for a store that only
// reads in another way.
func AddressBookReads(t *testing.T, open func(t *testing.T) Stores) {
	runAddressBook(t, open, reads, readsAndWrites)
}

// AddressBookWrites runs what of [AddressBook] is about changes, for a store that only
// writes in another way.
func AddressBookWrites(t *testing.T, open func(t *testing.T) Stores) {
	runAddressBook(t, open, readsAndWrites, writes)
}

func runAddressBook(t *testing.T, open func(t *testing.T) Stores, parts ...[]test[*fixture]) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, slices.Concat(parts...))
}

var (
	reads = []test[*fixture]{
		{"unknown contact", unknownContact},
		{"empty page", emptyPage},
		{"pages", pages},
		{"pages of names", pagesOfNames},
		{"pages both ways", pagesBothWays},
		{"pages of custom fields", pagesOfCustomFields},
		{"pages by joining", pagesByJoining},
		{"many custom fields", manyCustomFields},
		{"pages of lists' contacts", pagesOfLists},
		{"words that no text can have", wordsOfNoText},
		{"pages of ranges of numbers", pagesOfNumbers},
		{"pages of origins and tags", pagesOfOrigins},
		{"pages of a time of creation", pagesOfPeriods},
		{"pages with lists", pagesWithLists},
		{"lists of a contact", listsOfContact},
		{"claims of memory", claimsOfMemory},
		{"pages by cursor", pagesByCursor},
		{"unknown list", unknownList},
		{"pages of lists", listPages},
		{"pages of the trash", pagesOfTrash},
	}
	readsAndWrites = []test[*fixture]{
		{"pages of searches", pagesOfSearches}, // and of numbers, by an index that writes keep
		{"an insert is seen whole", seenWhole},
		{"everything at once", everythingAtOnce},
	}
	writes = []test[*fixture]{
		{"insert none", insertNone},
		{"insert many", insertMany},
		{"insert batches of every size", insertSizes},
		{"insert out of order", insertOutOfOrder},
		{"failed insert changes nothing", failedInsert},
		{"insert over what is there", insertOver},
		{"dry runs", dryRuns},
		{"insert into an unknown account", insertUnknownAccount},
		{"no writes for a deleted account", noWritesWhileDeleted},
		{"cancelled insert changes nothing", cancelledInsert},
		{"acknowledged means stored", survivesReopen},
		{"concurrent inserts", concurrentInserts},
		{"concurrent inserts around a restart", concurrentAroundReopen},
		{"texts", texts},
		{"custom fields", customFields},
		{"dates", dates},
		{"numbers", numbers},
		{"update fields", updateFields},
		{"updates in turn", updateInTurn},
		{"update unless changed", updateUnlessChanged},
		{"update many", updateMany},
		{"lists", lists},
		{"failed insert of lists changes nothing", failedListInsert},
		{"update lists unless changed", updateListsUnlessChanged},
		{"members of no list", membersOfNoList},
		{"many members", manyMembers},
		{"cancelled edits change nothing", cancelledEdits},
		{"edits of accounts are apart", editsApart},
		{"list add and list delete at once", addWhileListGoes},
		{"list add and contact delete at once", addWhileContactsGo},
		{"updates to one number", updatesToOneNumber},
		{"trash of contacts", trashOfContacts},
		{"trash of lists", trashOfLists},
		{"a contact and its list come back at once", comeBackAtOnce},
		{"purge in steps", purgeInSteps},
		{"receipts", receipts},
		{"receipts are kept with the work", receiptsOfWrites},
		{"receipts of nothing to do", receiptsOfNothing},
		{"a key that is taken", keyTaken},
		{"failed writes keep no receipt", failedReceipts},
		{"expired receipts are replaced", expiredReceipts},
		{"old receipts are deleted", oldReceipts},
		{"one key at once", oneKeyAtOnce},
		{"totals of receipts", receiptTotals},
		{"encodings of receipts", encodedReceipts},
		{"quota of receipts", receiptQuota},
	}
)

// Accounts runs the contract of [account.Store]. Open gives each test a
// database of its own, as for [AddressBook].
func Accounts(t *testing.T, open func(t *testing.T) account.Store) {
	run(t, open, []test[account.Store]{
		{"create account", createAccount},
		{"account sid taken", accountTaken},
		{"account not found", accountNotFound},
		{"accounts by sid", accountsBySID},
		{"concurrent creation", concurrentCreation},
		{"change account", changeAccount},
		{"delete account", deleteAccount},
		{"keys", keys},
		{"keys of an account", keysOfAccount},
		{"key without account", keyWithoutAccount},
		{"revoke key", revokeKey},
		{"unknown key", unknownKey},
		{"secrets", secrets},
		{"names that no text can have", namesOfNoText},
		{"credentials", credentials},
		{"last use", lastUse},
		{"concurrent last use", concurrentLastUse},
	})
}

// test is one rule of a contract, for a store of type S.
type test[S any] struct {
	name string
	run  func(t *testing.T, store S)
}

func run[S any](t *testing.T, open func(t *testing.T) S, tests []test[S]) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}
