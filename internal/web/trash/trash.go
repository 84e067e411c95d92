// Package trash has the pages of deleted contacts and lists.
package trash

import (
	"embed"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/trash"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files, contacttable.Pages)

// Room has the pages of the trash.
type Room struct {
	Trash *trash.Keeper
	Clock clock.Clock
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddEntries(func() []shell.Entry {
		return []shell.Entry{{Path: "/trash", Label: "Trash: deleted contacts"}, {Path: "/trash/lists", Label: "Trash: deleted lists"}}
	})
	d.Handle("GET /trash", room.contactsPage)
	d.HandleForm("POST /trash", room.workContacts)
	d.Handle("GET /trash/lists", room.listsPage)
	d.HandleForm("POST /trash/lists", room.workLists)
	d.HandleForm("POST /trash/restore", room.restoreDeletion)
	d.Handle("GET /trash/empty", room.emptyPage)
	d.HandleForm("POST /trash/empty", room.empty)
}

// pageRows is how many items a page shows.
const pageRows = 50

// trashData is the data of the template trash.html.
type trashData struct {
	Path     string // the page's path
	Lists    bool   // whether it shows lists instead of contacts
	Search   string
	Until    string // show only items that were deleted on this day or before; "" means all
	Deletion string // show only items of this deletion; "" means all
	Rows     []row
	Total    int
	Next     string
	Kept     string // how long things stay, as in contacttable.Kept
	Nothing  bool   // whether the trash is empty, regardless of the search
}

// row is a contact or a list in the trash.
type row struct {
	SID      string
	Title    string
	Detail   string // a contact's number, or how many contacts a list had
	Deletion string
	Deleted  time.Time
	Left     string // how long it will stay, such as "29 days"
}

// page parses the URL of a page.
func (room *Room) page(r *http.Request, path string) (trashData, trash.Query, error) {
	query := r.URL.Query()
	data := trashData{Path: path, Lists: path != "/trash", Search: strings.TrimSpace(query.Get("q")), Kept: contacttable.Kept(room.Trash)}
	q := trash.Query{Limit: pageRows, Search: data.Search, After: placeOf(query.Get("after"))}
	if data.Until = query.Get("until"); data.Until != "" {
		day, err := time.ParseInLocation(time.DateOnly, data.Until, shell.AccountOf(r).TimeZone)
		if err != nil {
			return data, q, shell.Unreadable("until")
		}
		if q.After == nil {
			q.After = &trash.Position{Deletion: addressbook.FirstSID(day.AddDate(0, 0, 1))}
		}
	}
	if text := query.Get("deletion"); text != "" {
		var ok bool
		if q.Deletion, ok = addressbook.ParseSID(text); !ok || q.Deletion == addressbook.ForGood {
			return data, q, shell.Unreadable("deletion")
		}
		data.Deletion = q.Deletion.String()
	}
	return data, q, nil
}

// show returns the page with the counts and the link to the next page.
func (data trashData) show(r *http.Request, total int, next *trash.Position) shell.Answer {
	data.Total = total
	data.Nothing = total == 0 && data.Search == "" && data.Deletion == ""
	address := url.Values{}
	if data.Search != "" {
		address.Set("q", data.Search)
	}
	if data.Until != "" {
		address.Set("until", data.Until)
	}
	if data.Deletion != "" {
		address.Set("deletion", data.Deletion)
	}
	here := data.Path
	if len(address) > 0 {
		here += "?" + address.Encode()
	}
	if next != nil {
		address.Set("after", next.Deletion.String()+next.SID.String())
		data.Next = data.Path + "?" + address.Encode()
	}
	return pages.Show("trash", "Trash", data).PieceAt("trash-results", here)
}

// placeOf parses the position in a URL, or returns nil.
func placeOf(text string) *trash.Position {
	const digits = 2 * len(addressbook.SID{})
	if len(text) != 2*digits {
		return nil
	}
	deletion, ok1 := addressbook.ParseSID(text[:digits])
	sid, ok2 := addressbook.ParseSID(text[digits:])
	if !ok1 || !ok2 {
		return nil
	}
	return &trash.Position{Deletion: deletion, SID: sid}
}

func (room *Room) contactsPage(r *http.Request) (shell.Answer, error) {
	data, q, err := room.page(r, "/trash")
	if err != nil {
		return shell.Answer{}, err
	}
	page, err := room.Trash.Contacts(r.Context(), shell.AccountOf(r), q)
	if err != nil {
		return shell.Answer{}, err
	}
	for i := range page.Items {
		c := &page.Items[i]
		data.Rows = append(data.Rows, row{
			SID: c.SID.String(), Title: words.ContactTitle(c.Contact), Detail: c.Number.International(),
			Deletion: c.Deletion.String(), Deleted: c.Deleted(), Left: room.left(c.Deleted()),
		})
	}
	return data.show(r, page.Total, page.Next), nil
}

func (room *Room) listsPage(r *http.Request) (shell.Answer, error) {
	data, q, err := room.page(r, "/trash/lists")
	if err != nil {
		return shell.Answer{}, err
	}
	page, err := room.Trash.Lists(r.Context(), shell.AccountOf(r), q)
	if err != nil {
		return shell.Answer{}, err
	}
	for i := range page.Items {
		l := &page.Items[i]
		data.Rows = append(data.Rows, row{
			SID: l.SID.String(), Title: l.Name, Detail: words.Plural(l.ContactCount, "contact", "contacts"),
			Deletion: l.Deletion.String(), Deleted: l.Deleted(), Left: room.left(l.Deleted()),
		})
	}
	return data.show(r, page.Total, page.Next), nil
}

// left returns how long something will stay in the trash that was deleted at this time.
func (room *Room) left(deleted time.Time) string {
	kept := room.Trash.Retention()
	if kept == trash.Forever {
		return "until it is emptied"
	}
	switch days := math.Ceil(deleted.Add(kept).Sub(room.Clock.Now()).Hours() / 24); {
	case days <= 1:
		return "less than a day"
	default:
		return words.Plural(int(days), "day", "days")
	}
}
