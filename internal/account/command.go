package account

import (
	"context"
	"strings"
	"time"

	"callbook/internal/audit"
)

// commandPrefix begins the ids of keys for commands. The id of the user of the operating
// system follows, and after another hyphen what makes the id unique.
const commandPrefix = "command-"

// commandLife is how long a key for a command is valid, should nobody delete it.
const commandLife = 10 * time.Minute

// KeyForCommand creates a key with which a command asks a running server to do its work,
// and returns a function that deletes the key. User is the id of the user of the operating
// system, and may be "".
//
// Such a key is part of the command, and none of the account's: lists of keys leave it
// out, the audit log has no entry for it, and what is done with it is done by the command
// ([Caller.Actor]). The key of a command that was killed ends after ten minutes, and the
// next command deletes it.
func (d *Directory) KeyForCommand(ctx context.Context, accountSID, user string) (id, token string, drop func(context.Context) error, err error) {
	acct, err := d.store.Account(ctx, accountSID)
	if err != nil {
		return "", "", nil, err
	}
	keys, err := d.store.Keys(ctx, acct.ID)
	if err != nil {
		return "", "", nil, err
	}
	for _, k := range keys {
		if k.forCommand() && k.Ended(d.clock.Now()) {
			if err := d.store.DeleteKey(ctx, k.ID); err != nil {
				return "", "", nil, err
			}
		}
	}
	id = commandPrefix + user + "-" + randomHex(keyBytes)
	_, token, err = d.createKey(audit.Untold(ctx), id, accountSID, KeyDraft{Lifetime: commandLife, Access: Access{Scopes: []Scope{Admin}}})
	return id, token, func(ctx context.Context) error { return d.store.DeleteKey(ctx, id) }, err
}

// forCommand reports whether KeyForCommand has made the key.
func (k Key) forCommand() bool { return strings.HasPrefix(k.ID, commandPrefix) }

// Actor returns whom the audit log names for what is done with the caller's key.
func (c Caller) Actor() audit.Actor {
	user, ok := strings.CutPrefix(c.Key, commandPrefix)
	if !ok {
		return audit.ByKey(c.Key)
	}
	return audit.ByCommand(user[:strings.LastIndexByte(user, '-')])
}
