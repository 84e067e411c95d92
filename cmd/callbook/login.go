package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/session"
)

// baseURL is the flag of commands that print links.
type baseURL struct {
	BaseURL string `name:"base-url" placeholder:"URL" help:"Address that browsers reach the server at, where that is not the address it listens on, as https://book.example.com behind a proxy. With https, cookies go over TLS only. The commands beside a server know its address."`
}

// Validate is called by kong after it has parsed the flags.
func (b *baseURL) Validate() error {
	if b.BaseURL == "" {
		return nil
	}
	origin, err := parseOrigin(b.BaseURL)
	if err != nil {
		return fmt.Errorf("--base-url %q %w", b.BaseURL, err)
	}
	b.BaseURL = origin
	return nil
}

type loginLinkCmd struct {
	database
	baseURL
	Account string `required:"" placeholder:"SID" help:"The account to sign in to."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Validate is called by kong after it has parsed the flags. It replaces those of the
// embedded flags.
func (c *loginLinkCmd) Validate() error {
	return errors.Join(c.database.Validate(), c.baseURL.Validate())
}

func (c *loginLinkCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDB(ctx, func(db commandStore) error {
		acct, err := account.NewDirectory(db, clock.System).Account(ctx, c.Account)
		if err != nil {
			return err
		}
		sessions := session.NewKeeper(db, clock.System)
		server, note := c.BaseURL, ""
		if server == "" {
			urls, err := sessions.Servers(ctx)
			if err != nil {
				return err
			}
			server, note = runningServer(ctx, urls)
		}
		link, err := sessions.NewLink(ctx, acct)
		if err != nil {
			return err
		}
		if note != "" {
			fmt.Fprintf(std.err, "callbook: %s\n", note)
		}
		if c.JSON {
			return printJSON(std.out, struct {
				AccountSID string `json:"account_sid"`
				URL        string `json:"url"`
			}{acct.SID, loginURL(server, link)})
		}
		return printLink(std.out, server, link)
	})
}

func loginURL(server, link string) string { return server + "/signin/link/" + link }

func printLink(out io.Writer, server, link string) error {
	_, err := fmt.Fprintf(out, "Open the dashboard (the link works once, within %.0f minutes):\n\n  %s\n\n",
		session.LinkLifetime.Minutes(), loginURL(server, link))
	return err
}
