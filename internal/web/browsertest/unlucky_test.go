package browsertest

import (
	"context"
	"errors"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// unluckyTag is one that no contact can be given: see unluckyStore.
const unluckyTag = "unlucky"

// unluckyStore fails where contacts are given unluckyTag, for the page that
// tells of that.
type unluckyStore struct{ addressbook.Store }

func (s unluckyStore) UpdateContacts(ctx context.Context, account account.ID, patches []addressbook.Patch, ready journal.Ready[[]addressbook.Result]) error {
	for _, p := range patches {
		if p.Texts[addressbook.Tag].Value == unluckyTag {
			return errors.New("the disk is full")
		}
	}
	return s.Store.UpdateContacts(ctx, account, patches, ready)
}
