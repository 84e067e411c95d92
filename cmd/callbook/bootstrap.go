package main

import (
	"context"
	"fmt"
	"io"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/session"
)

// bootstrapAccount is the sid of the first account.
const bootstrapAccount = "demo"

// bootstrap creates a first account, a key, and a link into the dashboard, so that a
// single command is enough to try callbook.
func (c *serveCmd) bootstrap(ctx context.Context, d *account.Directory, sessions *session.Keeper, out io.Writer, url string) error {
	all, err := d.Accounts(ctx)
	if err != nil || len(all) > 0 {
		return err
	}
	a, err := d.Create(ctx, bootstrapAccount, account.DefaultRegion, account.DefaultTimeZone)
	if fault.Is(err, fault.Duplicate) {
		return nil // another server has created it just now
	}
	if err != nil {
		return err
	}
	k, token, err := d.CreateKey(ctx, a.SID, account.KeyDraft{Name: "first key"})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
The database was empty, so it got an account and an API key.
The token is shown only now; it cannot be shown again.
%s
Create two contacts:

curl %s-X POST '%s/v2/accounts/%s/contacts' \
  --user '%s:%s' \
  --header 'Content-Type: application/json' \
  --data-raw '{"contacts": [
    {"number": "+919876543210", "first_name": "Asha", "tag": "Member", "custom_field": {"plan": "gold"}},
    {"number": "080 1234 5678", "company_name": "Exotel"}
  ]}'

`, credentials(a.SID, k.ID, token), c.curlFlags(), url, a.SID, k.ID, token)
	if err != nil || !c.Dashboard {
		return err
	}
	link, err := sessions.NewLink(ctx, a)
	if err != nil {
		return err
	}
	return printLink(out, url, link)
}

// credentials returns the lines that show a new key.
func credentials(accountSID, key, token string) string {
	return fmt.Sprintf("\n  account sid  %s\n  api key      %s\n  api token    %s\n", accountSID, key, token)
}
