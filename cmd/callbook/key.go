package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"callbook/internal/account"
	"callbook/internal/clock"
)

type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Create an API key; its token is shown once."`
	Rotate keyRotateCmd `cmd:"" help:"Create a key like another one, which works on for a while."`
	List   keyListCmd   `cmd:"" help:"List an account's API keys, revoked ones too."`
	Revoke keyRevokeCmd `cmd:"" help:"Revoke an API key; within a second it stops working."`
}

type keyCreateCmd struct {
	database
	Account string   `required:"" placeholder:"SID" help:"The account that the key is for."`
	Name    string   `help:"What the key is for, to tell it from others."`
	Expires lifetime `placeholder:"TIME" help:"How long the key is good for, as 90d, 6mo or 12h: m is minutes, h hours, d days, w weeks, mo months of 30 days, y years of 365 days. Ten years at most; without it, until it is revoked."`
	Scope   []string `placeholder:"SCOPE" help:"What the key may do: contacts:read, contacts:write, lists, imports, campaigns, or admin for everything and the dashboard; may be given more than once, or with commas. Without it, everything."`
	Network []string `placeholder:"CIDR" help:"Network or address from which the key may be used, as 10.0.0.0/8 or 192.0.2.10; may be given more than once. Without it, from anywhere."`
	JSON    bool     `name:"json" help:"Print JSON."`

	access account.Access
}

// Validate is called by kong after it has parsed the flags.
func (c *keyCreateCmd) Validate() (err error) {
	if err := account.CheckKeyName(c.Name); err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	if c.access, err = account.ParseAccess(c.Scope, nil); err != nil {
		return fmt.Errorf("--scope: %w", err)
	}
	networks, err := account.ParseAccess(nil, c.Network)
	if err != nil {
		return fmt.Errorf("--network: %w", err)
	}
	c.access.Networks = networks.Networks
	return c.database.Validate()
}

func (c *keyCreateCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDirectory(ctx, func(d *account.Directory) error {
		k, token, err := d.CreateKey(ctx, c.Account, account.KeyDraft{Name: c.Name, Lifetime: time.Duration(c.Expires), Access: c.access})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, newKeyJSON(c.Account, k, token))
		}
		text := "API key created. The token is shown only now; it cannot be shown again.\n" + credentials(c.Account, k.ID, token)
		if !k.Expires.IsZero() {
			text += fmt.Sprintf("  expires      %s (in %s)\n", date(k.Expires), spanWords(time.Duration(c.Expires)))
		}
		_, err = io.WriteString(std.out, text+accessLines(k.Access))
		return err
	})
}

// accessLines returns lines about what a new key may do and from where, or "".
func accessLines(a account.Access) (text string) {
	if len(a.Scopes) > 0 {
		text += "  scopes       " + account.ScopeList(a.Scopes) + "\n"
	}
	if _, networks := a.Encode(); networks != "" {
		text += "  networks     " + strings.ReplaceAll(networks, " ", ", ") + "\n"
	}
	return text
}

// newKeyView is the JSON of a new key.
type newKeyView struct {
	AccountSID  string   `json:"account_sid"`
	APIKey      string   `json:"api_key"`
	APIToken    string   `json:"api_token"`
	Name        string   `json:"name"`
	DateExpires *string  `json:"date_expires"`
	Scopes      []string `json:"scopes"`
	Networks    []string `json:"networks"`
}

func newKeyJSON(accountSID string, k account.Key, token string) newKeyView {
	scopes, networks := k.Access.Encode()
	return newKeyView{accountSID, k.ID, token, k.Name, jsonDate(k.Expires), strings.Fields(scopes), strings.Fields(networks)}
}

type keyRotateCmd struct {
	database
	APIKey  string   `arg:"" name:"api-key" help:"The key, as \"callbook key list\" shows it."`
	Overlap lifetime `placeholder:"TIME" help:"How long the old key works on, as 24h or 7d, a year at most; without it, it ends at once."`
	JSON    bool     `name:"json" help:"Print JSON."`
}

// Validate is called by kong after it has parsed the flags.
func (c *keyRotateCmd) Validate() error {
	if time.Duration(c.Overlap) > account.MaxOverlap {
		return errors.New("--overlap is too long: both keys work together for a year at most")
	}
	return c.database.Validate()
}

func (c *keyRotateCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDirectory(ctx, func(d *account.Directory) error {
		k, token, old, sid, err := d.RotateKey(ctx, c.APIKey, time.Duration(c.Overlap))
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, struct {
				newKeyView
				OldDateExpires *string `json:"old_date_expires"`
			}{newKeyJSON(sid, k, token), jsonDate(old.Expires)})
		}
		expires := ""
		if !k.Expires.IsZero() {
			expires = fmt.Sprintf("  expires      %s\n", date(k.Expires))
		}
		_, err = fmt.Fprintf(std.out, "API key created in the place of %s, which ends at %s.\nThe token is shown only now; it cannot be shown again.\n%s%s%s",
			old.ID, date(old.Expires), credentials(sid, k.ID, token), expires, accessLines(k.Access))
		return err
	})
}

type keyListCmd struct {
	database
	Account string `required:"" placeholder:"SID" help:"The account whose keys to list."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

func (c *keyListCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDirectory(ctx, func(d *account.Directory) error {
		keys, err := d.Keys(ctx, c.Account)
		if err != nil {
			return err
		}
		if c.JSON {
			list := make([]keyView, len(keys))
			for i, k := range keys {
				list[i] = keyJSON(k)
			}
			return printJSON(std.out, list)
		}
		w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "API KEY\tNAME\tSTATUS\tCREATED\tLAST USED\tEXPIRES\tREVOKED\tSCOPES\tNETWORKS")
		for _, k := range keys {
			scopes, networks := k.Access.Encode()
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, oneLine(k.Name), keyStatus(k), date(k.Created), date(k.LastUsed), date(k.Expires), date(k.Revoked),
				cmp.Or(strings.ReplaceAll(scopes, " ", ","), "all"), cmp.Or(strings.ReplaceAll(networks, " ", ","), "all"))
		}
		return w.Flush()
	})
}

// keyStatus returns whether a key works, in one word.
func keyStatus(k account.Key) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case k.Ended(clock.System.Now()):
		return "expired"
	}
	return "active"
}

// oneLine makes a name safe for a table on a terminal. Names of keys from older versions
// may contain line breaks and control characters.
func oneLine(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, name)
}

type keyRevokeCmd struct {
	database
	APIKey string `arg:"" name:"api-key" help:"The key, as \"callbook key list\" shows it."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

func (c *keyRevokeCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDirectory(ctx, func(d *account.Directory) error {
		k, err := d.RevokeKey(ctx, c.APIKey)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, keyJSON(k))
		}
		_, err = fmt.Fprintf(std.out, "API key %s was revoked at %s.\n", k.ID, date(k.Revoked))
		return err
	})
}

// keyView is the JSON of a key.
type keyView struct {
	APIKey       string  `json:"api_key"`
	Name         string  `json:"name"`
	Status       string  `json:"status"` // active, expired or revoked
	DateCreated  *string `json:"date_created"`
	DateLastUsed *string `json:"date_last_used"`
	DateExpires  *string `json:"date_expires"`
	DateRevoked  *string `json:"date_revoked"`
	// Without restrictions these are [].
	Scopes   []string `json:"scopes"`
	Networks []string `json:"networks"`
}

func keyJSON(k account.Key) keyView {
	scopes, networks := k.Access.Encode()
	return keyView{
		APIKey:       k.ID,
		Name:         k.Name,
		Status:       keyStatus(k),
		DateCreated:  jsonDate(k.Created),
		DateLastUsed: jsonDate(k.LastUsed),
		DateExpires:  jsonDate(k.Expires),
		DateRevoked:  jsonDate(k.Revoked),
		Scopes:       strings.Fields(scopes),
		Networks:     strings.Fields(networks),
	}
}
