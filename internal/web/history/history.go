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
	q := auditlog.Query{Limit: pageRows, Action: audit.Action(d.Chosen.What), Actor: audit.Actor(d.Chosen.Who)}
	q.Of, _ = addressbook.ParseSID(d.Of)
	// A day that is none does not filter.
	q.From, _ = time.ParseInLocation(time.DateOnly, d.From, acct.TimeZone)
	if day, err := time.ParseInLocation(time.DateOnly, d.Till, acct.TimeZone); err == nil {
		q.Until = day.AddDate(0, 0, 1)
	}
	if raw, err := hex.DecodeString(query.Get("before")); err == nil && len(raw) == len(q.Before) {
		q.Before, d.Later = [16]byte(raw), true
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
