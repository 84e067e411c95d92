package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/clock"
)

type auditCmd struct {
	database
	Account string `name:"account" placeholder:"SID" help:"Only the entries of this account. Without it: of the installation and of all accounts."`
	Action  string `name:"action" placeholder:"ACTION" help:"Only this action, as contacts.delete, or all of a subject, as contacts."`
	Actor   string `name:"actor" placeholder:"ACTOR" help:"Only this actor, as key:ID, or all of a kind: key, session, command, import, link, server or stranger."`
	SID     string `name:"sid" placeholder:"SID" help:"Only what tells of this contact, list, campaign or import."`
	From    string `name:"from" placeholder:"TIME" help:"Only from this time on, as 2026-11-29 or 2026-11-29T08:00:00Z."`
	Before  string `name:"before" placeholder:"TIME" help:"Only before this time."`
	Limit   int    `name:"limit" default:"50" placeholder:"N" help:"How many entries, the newest first; 1 to 1000 (${default})."`
	Cursor  string `name:"cursor" placeholder:"CURSOR" help:"Go on behind an earlier page: the \"next_cursor\" that it ended with."`
	JSON    bool   `name:"json" help:"Print JSON."`

	query auditlog.Query
}

// Validate is called by kong after it has parsed the flags.
func (c *auditCmd) Validate() error {
	if err := c.database.Validate(); err != nil {
		return err
	}
	c.query = auditlog.Query{Limit: c.Limit}
	if c.Limit < 1 || c.Limit > auditlog.MaxLimit {
		return fmt.Errorf("--limit %d is not possible: it is 1 to %d", c.Limit, auditlog.MaxLimit)
	}
	if text := c.Action; text != "" {
		if !strings.Contains(text, ".") {
			text += "." // all of a subject
		}
		var ok bool
		if c.query.Action, ok = audit.ParseAction(text); !ok {
			return fmt.Errorf("--action %q is no action: write one as contacts.delete, or a subject as contacts; docs/audit.md has all", c.Action)
		}
	}
	if c.SID != "" {
		sid, ok := addressbook.ParseSID(c.SID)
		if !ok || sid == (addressbook.SID{}) {
			return fmt.Errorf("--sid %q is no sid: one has 32 hexadecimal digits", c.SID)
		}
		c.query.Of = sid
	}
	if c.Cursor != "" {
		raw, err := hex.DecodeString(c.Cursor)
		if err != nil || len(raw) != len(c.query.Before) {
			return errors.New(`--cursor is no cursor: give the "next_cursor" of the page before`)
		}
		c.query.Before = [16]byte(raw)
	}
	if c.Actor != "" {
		var ok bool
		if c.query.Actor, ok = audit.ParseActor(c.Actor); !ok {
			return fmt.Errorf("--actor %q is no actor: it is one of %s, or an actor with its id, as key:ID", c.Actor, strings.Join(audit.ActorKinds, ", "))
		}
	}
	var err error
	if c.query.From, err = readMoment("--from", c.From); err == nil {
		c.query.Until, err = readMoment("--before", c.Before)
	}
	return err
}

// readMoment reads the value of a flag, a date or a time; "" is the zero time. A date is
// midnight in UTC.
func readMoment(flag, text string) (t time.Time, err error) {
	if text == "" {
		return t, nil
	}
	if t, err = time.Parse(time.RFC3339, text); err != nil {
		t, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		return t, fmt.Errorf("%s %q is no time: write 2026-11-29 or 2026-11-29T08:00:00Z", flag, text)
	}
	return t, nil
}

func (c *auditCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDB(ctx, func(db commandStore) error {
		accounts := account.NewDirectory(db, clock.System)
		log := auditlog.New(db, accounts, auditlog.Options{})
		all, err := accounts.Accounts(ctx)
		if err != nil {
			return err
		}
		sids := make(map[int64]string)
		for _, a := range all {
			sids[int64(a.ID)] = a.SID
		}
		var page auditlog.Page
		if c.Account == "" {
			page, err = log.PageOfAll(ctx, c.query)
		} else {
			var a account.Account
			if a, err = accounts.Account(ctx, c.Account); err == nil {
				page, err = log.Page(ctx, a.ID, c.query)
			}
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, auditJSON(page, sids))
		}
		if len(page.Entries) == 0 {
			_, err = fmt.Fprintln(std.err, "callbook: there are no such entries")
			return err
		}
		w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "DATE\tACCOUNT\tACTOR\tADDRESS\tACTION\tDONE\tFAILED\tOF")
		for i := range page.Entries {
			e := &page.Entries[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n", date(e.Time()), dash(sids[e.Account]), e.Actor, dash(e.Address), e.Action, e.Done, e.Failed, dash(aboutEntry(e)))
		}
		if err := w.Flush(); err != nil || page.Next == ([16]byte{}) {
			return err
		}
		_, err = fmt.Fprintf(std.err, "callbook: there may be more: --cursor %x\n", page.Next)
		return err
	})
}

// aboutEntry returns what an entry tells of: its object, its only subject, and its fields.
func aboutEntry(e *audit.Entry) string {
	about := []string{}
	if e.Object != "" {
		about = append(about, e.Object)
	}
	if s := &e.Subjects; !s.IsZero() && s.First == s.Last {
		about = append(about, hex.EncodeToString(s.First[:]))
	}
	if len(e.Fields) > 0 {
		about = append(about, "("+strings.Join(e.Fields, ", ")+")")
	}
	return strings.Join(about, " ")
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// auditView is the JSON of a page of the audit log.
type auditView struct {
	Entries    []entryView `json:"entries"`
	NextCursor *string     `json:"next_cursor"`
}

type entryView struct {
	SID         string   `json:"sid"`
	DateCreated *string  `json:"date_created"`
	AccountSID  *string  `json:"account_sid"` // null for the installation
	Action      string   `json:"action"`
	Actor       string   `json:"actor"`
	Address     *string  `json:"address"`
	RequestID   *string  `json:"request_id"`
	Object      *string  `json:"object"`
	FirstSID    *string  `json:"first_sid"`
	LastSID     *string  `json:"last_sid"`
	Done        int      `json:"done"`
	Failed      int      `json:"failed"`
	Fields      []string `json:"fields"`
}

func auditJSON(page auditlog.Page, accounts map[int64]string) auditView {
	view := auditView{Entries: []entryView{}}
	for i := range page.Entries {
		e := &page.Entries[i]
		v := entryView{
			SID: hex.EncodeToString(e.SID[:]), DateCreated: jsonDate(e.Time()), AccountSID: known(accounts[e.Account]), Action: string(e.Action),
			Actor: string(e.Actor), Address: known(e.Address), RequestID: known(e.Request), Object: known(e.Object),
			Done: e.Done, Failed: e.Failed, Fields: append([]string{}, e.Fields...),
		}
		if s := &e.Subjects; !s.IsZero() {
			v.FirstSID, v.LastSID = known(hex.EncodeToString(s.First[:])), known(hex.EncodeToString(s.Last[:]))
		}
		view.Entries = append(view.Entries, v)
	}
	if page.Next != ([16]byte{}) {
		view.NextCursor = known(hex.EncodeToString(page.Next[:]))
	}
	return view
}

// known returns a text for JSON; "" becomes null.
func known(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
