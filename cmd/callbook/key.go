package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

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
	Expires lifetime `placeholder:"TIME" help:"How long the key is good for, as 90d or 12h; without it, until it is revoked."`
	JSON    bool     `name:"json" help:"Print JSON."`
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
				DateExpires *string `json:"date_expires"`
			}{c.Account, k.ID, token, jsonDate(k.Expires)})
		}
		text := "API key created. The token is shown this once and cannot be had again.\n" + credentials(c.Account, k.ID, token)
		if !k.Expires.IsZero() {
			text += fmt.Sprintf("  expires      %s\n", date(k.Expires))
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
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, date(k.Created), date(k.LastUsed), date(k.Expires), date(k.Revoked))
		}
		return w.Flush()
	})
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
		_, err = fmt.Fprintf(std.out, "API key %s is revoked since %s.\n", k.ID, date(k.Revoked))
		return err
	})
}

// keyView is a key in the commands' JSON.
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

// lifetime is a duration that may be in days, as 90d.
type lifetime time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *lifetime) UnmarshalText(text []byte) error {
	d, err := parseSpan(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is no time that a key can be good for: write it as 90d or 12h", text)
	}
	*l = lifetime(d)
	return nil
}

// parseSpan reads a time as 90d or 12h.
func parseSpan(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * day, nil
		}
	}
	return time.ParseDuration(text)
}
