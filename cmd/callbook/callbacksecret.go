package main

import (
	"context"
	"fmt"

	"callbook/internal/account"
	"callbook/internal/event"
)

type accountCallbackSecretCmd struct {
	database
	SID  string `arg:"" name:"sid" help:"The account's sid."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run prints the secret. It creates the secret on the first call.
func (c *accountCallbackSecretCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDirectory(ctx, func(d *account.Directory) error {
		a, err := d.Account(ctx, c.SID)
		if err != nil {
			return err
		}
		secret, err := d.Secret(ctx, a, account.Callbacks)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, struct {
				AccountSID     string `json:"account_sid"`
				CallbackSecret string `json:"callback_secret"`
			}{a.SID, event.ShowSecret(secret)})
		}
		_, err = fmt.Fprintln(std.out, event.ShowSecret(secret))
		return err
	})
}
