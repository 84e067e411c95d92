package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"callbook/internal/account"
)

type accountDeleteCmd struct {
	database
	SID           string `arg:"" name:"sid" help:"The account's sid."`
	Yes           string `placeholder:"SID" help:"The account's sid once more, in the place of the question."`
	StopCampaigns bool   `help:"Delete it although campaigns are in progress. They stop calling, and what becomes of the calls in flight is not recorded."`
	JSON          bool   `name:"json" help:"Print JSON."`
}

// Validate is called by kong after it has parsed the flags.
func (c *accountDeleteCmd) Validate() error {
	if c.Yes != "" && c.Yes != c.SID {
		return fmt.Errorf("--yes %s is not the account's sid, %s", c.Yes, c.SID)
	}
	return c.database.Validate()
}

func (c *accountDeleteCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDirectory(ctx, func(d *account.Directory) error {
		acct, err := d.Account(ctx, c.SID)
		if err != nil {
			return err
		}
		if err := c.refuseInProgress(ctx, d, acct); err != nil {
			return err
		}
		has, rows, err := d.Contents(ctx, acct)
		if err != nil {
			return err
		}
		if err := c.confirm(std, acct, has); err != nil {
			return err
		}
		progress := newProgressLine(std.err, "rows")
		var done int64
		err = d.Delete(ctx, c.SID, func(n int64) {
			done = n
			progress.show("deleting", n, rows)
		})
		progress.end()
		if err != nil {
			return fmt.Errorf("%w; the account is refused everything from now on, and the same command goes on with its deletion", err)
		}
		if c.JSON {
			return printJSON(std.out, struct {
				AccountSID string        `json:"account_sid"`
				Deleted    []contentView `json:"deleted"`
			}{acct.SID, contentsJSON(has)})
		}
		_, err = fmt.Fprintf(std.out, "Account %s was deleted, with %d rows.\n", acct.SID, done)
		return err
	})
}

// refuseInProgress returns an error if campaigns are in progress that nobody has said to
// stop.
func (c *accountDeleteCmd) refuseInProgress(ctx context.Context, d *account.Directory, acct account.Account) error {
	if c.StopCampaigns || acct.Refusal() != nil {
		return nil // it places no calls any more
	}
	n, err := d.InProgress(ctx, acct)
	if err != nil || n == 0 {
		return err
	}
	return fmt.Errorf("campaigns of account %s are in progress (%d): end them first, disable the account and wait until its last calls have ended, or add --stop-campaigns", acct.SID, n)
}

// confirm says what goes, and asks for the sid, unless --yes has it.
func (c *accountDeleteCmd) confirm(std streams, acct account.Account, has []account.Content) error {
	to := std.err
	if c.Yes == "" || !c.JSON {
		text := "This deletes account " + acct.SID
		if len(has) > 0 {
			text += " for good, and what it has:\n" + contentsText(has)
		} else {
			text += ", which has nothing.\n"
		}
		if _, err := io.WriteString(to, text); err != nil {
			return err
		}
	}
	if c.Yes != "" {
		return nil
	}
	if _, err := fmt.Fprintf(to, "It cannot be undone. Type the account's sid to delete it: "); err != nil {
		return err
	}
	answer := ""
	if std.in != nil {
		line, err := bufio.NewReader(io.LimitReader(std.in, 1<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		answer = strings.TrimSpace(line)
	}
	if !isTerminal(std.in) { // which would show the end of the line that was typed
		fmt.Fprintln(to)
	}
	if answer != acct.SID {
		return errors.New("the account was not deleted; a script says --yes " + acct.SID)
	}
	return nil
}
