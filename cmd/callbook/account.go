package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"callbook/internal/account"
)

type accountCmd struct {
	Create         accountCreateCmd         `cmd:"" help:"Create an account."`
	List           accountListCmd           `cmd:"" help:"List the accounts."`
	Show           accountShowCmd           `cmd:"" help:"Show an account: its settings, and how much it has."`
	Set            accountSetCmd            `cmd:"" help:"Set how many requests an account may send, and how fast, when and whom its campaigns may call. Without flags, show it."`
	Rename         accountRenameCmd         `cmd:"" help:"Give an account another sid. Its URLs change with it, and programs that use the old ones are refused."`
	Disable        accountDisableCmd        `cmd:"" help:"Refuse everything to an account, within a second: requests, sign-ins, calls of its campaigns. Nothing of it is lost."`
	Enable         accountEnableCmd         `cmd:"" help:"Let an account that was disabled go on."`
	Delete         accountDeleteCmd         `cmd:"" help:"Delete an account for good, with everything that it has."`
	CallbackSecret accountCallbackSecretCmd `cmd:"" help:"Print the secret that callbacks of an account are signed with, for the libraries of Standard Webhooks."`
}

type accountCreateCmd struct {
	database
	SID      string `arg:"" name:"sid" help:"The account's sid, which stands in every URL: letters, digits, '-' and '_'."`
	Region   string `default:"${default_region}" placeholder:"CODE" help:"Country of numbers that come without a country code, as ISO 3166-1 code (${default})."`
	Timezone string `default:"${default_time_zone}" placeholder:"NAME" help:"Time zone of the dates in answers, as IANA name (${default})."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Validate is called by kong after it has parsed the flags.
func (c *accountCreateCmd) Validate() error {
	if err := c.database.Validate(); err != nil {
		return err
	}
	if c.SID == "" {
		return errors.New(`"<sid>" is missing: give the account a name, as acme`)
	}
	if _, err := account.New(c.SID, account.DefaultRegion, account.DefaultTimeZone); err != nil {
		return err
	}
	if _, err := account.New(c.SID, c.Region, account.DefaultTimeZone); err != nil {
		return fmt.Errorf("--region: %w", err)
	}
	if _, err := account.New(c.SID, c.Region, c.Timezone); err != nil {
		return fmt.Errorf("--timezone: %w", err)
	}
	return nil
}

func (c *accountCreateCmd) Run(ctx context.Context, std streams) error {
	return c.withDirectory(ctx, func(d *account.Directory) error {
		a, err := d.Create(ctx, c.SID, c.Region, c.Timezone)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, accountJSON(a))
		}
		_, err = fmt.Fprintf(std.out, `Account %s created (region %s, time zone %s).
Create a key for it with: callbook key create --account %[1]s --db %[4]s
`, a.SID, a.Region, a.TimeZone, c.name())
		return err
	})
}

type accountListCmd struct {
	database
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *accountListCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDirectory(ctx, func(d *account.Directory) error {
		all, err := d.Accounts(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			list := make([]accountView, len(all))
			for i, a := range all {
				list[i] = accountJSON(a)
			}
			return printJSON(std.out, list)
		}
		w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ACCOUNT\tREGION\tTIME ZONE\tCREATED\tSTATUS")
		for _, a := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.SID, a.Region, a.TimeZone, date(a.Created), accountStatus(a))
		}
		return w.Flush()
	})
}

// accountView is the JSON of an account.
type accountView struct {
	AccountSID  string  `json:"account_sid"`
	Region      string  `json:"region"`
	TimeZone    string  `json:"time_zone"`
	DateCreated *string `json:"date_created"`
	Status      string  `json:"status"` // active, disabled or deleting

	DateDisabled    *string `json:"date_disabled"`
	RequestsAMinute *int    `json:"requests_a_minute"` // null means no limit
}

func accountJSON(a account.Account) accountView {
	view := accountView{
		AccountSID:   a.SID,
		Region:       a.Region,
		TimeZone:     a.TimeZone.String(),
		DateCreated:  jsonDate(a.Created),
		Status:       accountStatus(a),
		DateDisabled: jsonDate(a.Disabled),
	}
	if a.RequestsAMinute > 0 {
		view.RequestsAMinute = &a.RequestsAMinute
	}
	return view
}

// accountStatus returns whether an account may be used, in one word.
func accountStatus(a account.Account) string {
	switch a.Refusal() {
	case account.ErrDeleted:
		return "deleting"
	case account.ErrDisabled:
		return "disabled"
	}
	return "active"
}
