// Package history has the page of the audit log.
package history

import (
	"embed"
	"encoding/hex"
	"net/http"
	"net/url"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Room has the page of the audit log.
type Room struct {
	Audit    *auditlog.Log
	Accounts *account.Directory
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddEntries(func() []shell.Entry {
		return []shell.Entry{{Path: "/history", Label: "History: who has changed what", More: "audit log"}}
	})
	d.Handle("GET /history", room.page)
}

// pageRows is how many entries a page shows.
const pageRows = 50

// data is the data of the template history.html.
type data struct {
	What, Who  []shell.Option
	Chosen     struct{ What, Who string }
	From, Till string // days
	Of         string // the sid of the thing whose history it is, or ""
	Rows       []words.Entry
	Narrowed   bool   // whether a filter is set
	Later      bool   // whether it is not the first page
	Newest     string // the path of the first page
	Next       string // the path of the next page, or ""
	Here       string
}

var whats = []shell.Option{
	{Value: "", Label: "Everything"},
	{Value: "contacts.", Label: "Contacts"},
	{Value: "lists.", Label: "Lists"},
	{Value: "members.", Label: "Who is in a list"},
	{Value: "imports.", Label: "Imports"},
	{Value: "trash.", Label: "Trash"},
	{Value: "campaigns.", Label: "Campaigns"},
	{Value: "flows.", Label: "Flows"},
	{Value: "prompts.", Label: "Recordings"},
	{Value: "suppressions.", Label: "Numbers that are not called"},
	{Value: "keys.", Label: "API keys"},
	{Value: "sessions.", Label: "Signing in and out"},
	{Value: "accounts.", Label: "Settings"},
}

var whos = []shell.Option{
	{Value: "", Label: "Everybody"},
	{Value: "session", Label: "The dashboard"},
	{Value: "key", Label: "Programs, by API keys"},
	{Value: "command", Label: "Commands"},
	{Value: "import", Label: "Imports"},
	{Value: "server", Label: "callbook itself"},
	{Value: "stranger", Label: "Somebody unknown"},
}

func (room *Room) page(r *http.Request) (shell.Answer, error) {
	acct, query := shell.AccountOf(r), r.URL.Query()
	d := data{What: whats, Who: whos, From: query.Get("from"), Till: query.Get("till"), Of: query.Get("of")}
	d.Chosen.What, d.Chosen.Who = query.Get("what"), query.Get("who")
	q, wrong := d.query(acct)
	if raw, err := hex.DecodeString(query.Get("before")); err == nil && len(raw) == len(q.Before) {
		q.Before, d.Later = [16]byte(raw), true
	}
	if wrong != "" {
		return shell.Answer{}, shell.Unreadable(wrong)
	}
	page, err := room.Audit.Page(r.Context(), acct.ID, q)
	if err != nil {
		return shell.Answer{}, err
	}
	keys, err := room.Accounts.Keys(r.Context(), acct.SID)
	if err != nil {
		return shell.Answer{}, err
	}
	names := make(map[string]string, len(keys))
	for _, k := range keys {
		names[k.ID] = k.Name
	}
	d.Rows = words.Entries(page.Entries, names)
	filters := url.Values{}
	for name, value := range map[string]string{"what": d.Chosen.What, "who": d.Chosen.Who, "from": d.From, "till": d.Till, "of": d.Of} {
		if value != "" {
			filters.Set(name, value)
			d.Narrowed = true
		}
	}
	d.Newest = "/history?" + filters.Encode()
	d.Here = r.URL.RequestURI()
	if page.Next != ([16]byte{}) {
		filters.Set("before", hex.EncodeToString(page.Next[:]))
		d.Next = "/history?" + filters.Encode()
	}
	return pages.Show("history", "History", d).PieceAt("history-results", d.Here), nil
}

// query returns the filters as a query. Wrong is the name of one that cannot be read.
func (d *data) query(acct account.Account) (q auditlog.Query, wrong string) {
	q.Limit = pageRows
	read := func(name, text string, parse func() bool) {
		if text != "" && !parse() {
			wrong = name
		}
	}
	read("what", d.Chosen.What, func() (ok bool) {
		q.Action, ok = audit.ParseAction(d.Chosen.What)
		return ok
	})
	read("who", d.Chosen.Who, func() (ok bool) {
		q.Actor, ok = audit.ParseActor(d.Chosen.Who)
		return ok
	})
	read("of", d.Of, func() (ok bool) {
		q.Of, ok = addressbook.ParseSID(d.Of)
		return ok && q.Of != addressbook.SID{}
	})
	read("from", d.From, func() bool {
		day, err := time.ParseInLocation(time.DateOnly, d.From, acct.TimeZone)
		q.From = day
		return err == nil
	})
	read("till", d.Till, func() bool {
		day, err := time.ParseInLocation(time.DateOnly, d.Till, acct.TimeZone)
		q.Until = day.AddDate(0, 0, 1)
		return err == nil
	})
	return q, wrong
}
