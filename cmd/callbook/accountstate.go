package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"callbook/internal/account"
	"callbook/internal/clock"
)

type accountShowCmd struct {
	database
	SID  string `arg:"" name:"sid" help:"The account's sid."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *accountShowCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDB(ctx, func(db commandStore) error {
		accounts := account.NewDirectory(db, clock.System)
		acct, err := accounts.Account(ctx, c.SID)
		if err != nil {
			return err
		}
		p, err := db.Policy(ctx, acct.ID)
		if err != nil {
			return err
		}
		has, _, err := accounts.Contents(ctx, acct)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, struct {
				settingsView
				Contents []contentView `json:"contents"`
			}{settingsView{accountJSON(acct), policyJSON(&p)}, contentsJSON(has)})
		}
		text := settingsText(acct, &p) + "Status: " + accountStatus(acct)
		if acct.Refusal() == account.ErrDisabled {
			text += " since " + date(acct.Disabled)
		}
		text += "\nCreated: " + date(acct.Created) + "\n"
		if len(has) > 0 {
			text += "It has\n" + contentsText(has)
		}
		_, err = io.WriteString(std.out, text)
		return err
	})
}

// contentView is the JSON of something that an account has.
type contentView struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

func contentsJSON(has []account.Content) []contentView {
	views := make([]contentView, len(has))
	for i, content := range has {
		views[i] = contentView{content.Name, content.Rows}
	}
	return views
}

// contentsText returns a line for each of the things that an account has.
func contentsText(has []account.Content) string {
	var text strings.Builder
	for _, content := range has {
		fmt.Fprintf(&text, "  %-29s %d\n", content.Name, content.Rows)
	}
	return text.String()
}

type accountRenameCmd struct {
	database
	SID  string `arg:"" name:"sid" help:"The account's sid."`
	To   string `arg:"" name:"new-sid" help:"Its new sid: letters, digits, '-' and '_'."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Validate is called by kong after it has parsed the flags.
func (c *accountRenameCmd) Validate() error {
	if c.To == "" {
		return errors.New(`"<new-sid>" is missing: give the account's new sid, as acme-us`)
	}
	if _, err := account.New(c.To, account.DefaultRegion, account.DefaultTimeZone); err != nil {
		return err
	}
	return c.database.Validate()
}

func (c *accountRenameCmd) Run(ctx context.Context, std streams) error {
	return c.changeAccount(ctx, std, c.JSON, func(d *account.Directory) (account.Account, string, error) {
		a, err := d.Change(ctx, c.SID, func(a *account.Account) { a.SID = c.To })
		return a, fmt.Sprintf("Account %s is %s now: its keys work on, at /v2/accounts/%[2]s.\n", c.SID, a.SID), err
	})
}

type accountDisableCmd struct {
	database
	SID  string `arg:"" name:"sid" help:"The account's sid."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *accountDisableCmd) Run(ctx context.Context, std streams) error {
	return c.changeAccount(ctx, std, c.JSON, func(d *account.Directory) (account.Account, string, error) {
		a, err := d.Disable(ctx, c.SID)
		return a, fmt.Sprintf("Account %s is disabled since %s. Let it go on with: callbook account enable %[1]s --db %[3]s\n", a.SID, date(a.Disabled), c.name()), err
	})
}

type accountEnableCmd struct {
	database
	SID  string `arg:"" name:"sid" help:"The account's sid."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *accountEnableCmd) Run(ctx context.Context, std streams) error {
	return c.changeAccount(ctx, std, c.JSON, func(d *account.Directory) (account.Account, string, error) {
		a, err := d.Enable(ctx, c.SID)
		return a, fmt.Sprintf("Account %s is enabled.\n", a.SID), err
	})
}

// changeAccount calls change, and prints the changed account as JSON or the text about it.
func (d database) changeAccount(ctx context.Context, std streams, asJSON bool, change func(*account.Directory) (account.Account, string, error)) error {
	if err := d.mustHold(); err != nil {
		return err
	}
	return d.withDirectory(ctx, func(accounts *account.Directory) error {
		a, text, err := change(accounts)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(std.out, accountJSON(a))
		}
		_, err = io.WriteString(std.out, text)
		return err
	})
}
