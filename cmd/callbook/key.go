package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"callbook/internal/account"
)

type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Create an API key; its token is shown once."`
	List   keyListCmd   `cmd:"" help:"List an account's API keys, revoked ones too."`
	Revoke keyRevokeCmd `cmd:"" help:"Revoke an API key; within a second it stops working."`
}

type keyCreateCmd struct {
	database
	Account string   `required:"" placeholder:"SID" help:"The account that the key is for."`
	Name    string   `help:"What the key is for, to tell it from others."`
	Expires lifetime `placeholder:"TIME" help:"How long the key is good for, as 90d, 6mo or 12h: m is minutes, h hours, d days, w weeks, mo months of 30 days, y years of 365 days. Ten years at most; without it, until it is revoked."`
	JSON    bool     `name:"json" help:"Print JSON."`
}

// Validate is called by kong after it has parsed the flags.
func (c *keyCreateCmd) Validate() error {
	if err := account.CheckKeyName(c.Name); err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	return c.database.Validate()
}

func (c *keyCreateCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDirectory(ctx, func(d *account.Directory) error {
		k, token, err := d.CreateKey(ctx, c.Account, c.Name, time.Duration(c.Expires))
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, struct {
				AccountSID  string  `json:"account_sid"`
				APIKey      string  `json:"api_key"`
				APIToken    string  `json:"api_token"`
				Name        string  `json:"name"`
				DateExpires *string `json:"date_expires"`
			}{c.Account, k.ID, token, k.Name, jsonDate(k.Expires)})
		}
		text := "API key created. The token is shown only now; it cannot be shown again.\n" + credentials(c.Account, k.ID, token)
		if !k.Expires.IsZero() {
			text += fmt.Sprintf("  expires      %s (in %s)\n", date(k.Expires), spanWords(time.Duration(c.Expires)))
		}
		_, err = io.WriteString(std.out, text)
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
		fmt.Fprintln(w, "API KEY\tNAME\tCREATED\tLAST USED\tEXPIRES\tREVOKED")
		for _, k := range keys {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, oneLine(k.Name), date(k.Created), date(k.LastUsed), date(k.Expires), date(k.Revoked))
		}
		return w.Flush()
	})
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
	DateCreated  *string `json:"date_created"`
	DateLastUsed *string `json:"date_last_used"`
	DateExpires  *string `json:"date_expires"`
	DateRevoked  *string `json:"date_revoked"`
}

func keyJSON(k account.Key) keyView {
	return keyView{
		APIKey:       k.ID,
		Name:         k.Name,
		DateCreated:  jsonDate(k.Created),
		DateLastUsed: jsonDate(k.LastUsed),
		DateExpires:  jsonDate(k.Expires),
		DateRevoked:  jsonDate(k.Revoked),
	}
}
