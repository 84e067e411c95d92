// Package search has the page that searches contacts, lists, imports, the pages of the
// dashboard and the reference of the API. With script, it is a dialog on every page that
// queries this page while one types.
package search

import (
	"cmp"
	"context"
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/upload"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

const (
	// hitsOfKind is how many hits of each kind the page shows.
	hitsOfKind = 5
	// rankedHits is how many of the newest matching contacts are ranked.
	rankedHits = 50
	// maxSearch bounds a search, in characters.
	maxSearch = 100
	// patience bounds the search for contacts. A search that finds few among millions can
	// take longer; the visitor can continue it in the table of contacts.
	patience = 1500 * time.Millisecond
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Room has the search and the page about the keyboard.
type Room struct {
	Book    *addressbook.Book
	Imports *upload.Importer

	entries func(r *http.Request, search string) []shell.Entry
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	room.entries = d.Entries
	d.Handle("GET /search", room.search)
	d.Handle("GET /keyboard", room.keyboard)
	d.AddEntries(func() []shell.Entry {
		return []shell.Entry{{Path: "/keyboard", Label: "Keys of the keyboard", More: "shortcuts help"}}
	})
}

// results is the data of the template search.html.
type results struct {
	Search string
	Groups []group
	Hits   int
}

// group has the hits of one kind.
type group struct {
	Name string
	Hits []hit
	// All is the URL of all hits of the kind, and AllLabel its label; "" means that there
	// is none.
	All, AllLabel string
}

// hit is a line of the results.
type hit struct{ URL, Label, Note string }

func (room *Room) search(r *http.Request) (shell.Answer, error) {
	text := cleaned(r.URL.Query().Get("q"))
	found := results{Search: text}
	add := func(g group) {
		if found.Hits += len(g.Hits); len(g.Hits) > 0 || g.All != "" {
			found.Groups = append(found.Groups, g)
		}
	}
	if text != "" {
		for _, kind := range []func(context.Context, account.Account, string) (group, error){room.contacts, room.lists, room.imports} {
			g, err := kind(r.Context(), shell.AccountOf(r), text)
			if err != nil {
				return shell.Answer{}, err
			}
			add(g)
		}
	}
	for _, g := range room.pages(r, text) {
		add(g)
	}
	return pages.Show("search", "Search", found).Piece("found"), nil
}

// cleaned returns a search without invalid characters, cut to its maximum length.
func cleaned(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), ""))
	if all := []rune(text); len(all) > maxSearch {
		text = string(all[:maxSearch])
	}
	if all := strings.Fields(text); len(all) > addressbook.MaxSearchWords {
		text = strings.Join(all[:addressbook.MaxSearchWords], " ")
	}
	return text
}

// contacts searches contacts like the table of contacts, without counting them.
func (room *Room) contacts(ctx context.Context, acct account.Account, text string) (group, error) {
	g := group{Name: "Contacts"}
	all, label := "/contacts?"+url.Values{"q": {text}}.Encode(), "All contacts that match"
	if n, err := room.Book.Number(acct, text); err == nil {
		// For a complete number, look up only the contact that has it.
		page, err := room.Book.Contacts(ctx, acct, addressbook.Query{Window: addressbook.Window{Limit: 1}, Number: n.String()})
		if err != nil {
			return g, err
		}
		if g.Hits = contactHits(page.Contacts); len(g.Hits) > 0 {
			return g, nil
		}
	}
	patient, stop := context.WithTimeout(ctx, patience)
	defer stop()
	page, err := room.Book.Contacts(patient, acct, addressbook.Query{
		Window: addressbook.Window{Limit: rankedHits, Desc: true}, Search: text, NoTotal: true,
	})
	if err != nil && patient.Err() != nil && ctx.Err() == nil {
		g.All, g.AllLabel = all, "Look through all contacts, which takes a while"
		return g, nil
	}
	if len(page.Contacts) > hitsOfKind {
		g.All, g.AllLabel = all, label
	}
	slices.SortStableFunc(page.Contacts, func(a, b addressbook.Contact) int { return cmp.Compare(rank(a, text), rank(b, text)) })
	g.Hits = contactHits(page.Contacts[:min(len(page.Contacts), hitsOfKind)])
	return g, err
}

// rank returns the rank of a contact among the hits: first a contact whose name has
// exactly these words in any order, then one whose name contains all words, then others.
func rank(c addressbook.Contact, text string) int {
	searched, name := strings.Fields(addressbook.SearchText(text)), addressbook.SearchText(words.PersonName(c))
	for _, word := range searched {
		if !strings.Contains(name, word) {
			return 2
		}
	}
	called := strings.Fields(name)
	slices.Sort(searched)
	slices.Sort(called)
	if slices.Equal(searched, called) {
		return 0
	}
	return 1
}

func contactHits(contacts []addressbook.Contact) (hits []hit) {
	for _, c := range contacts {
		row := contacttable.RowOf(c)
		h := hit{URL: "/contacts/" + c.SID.String(), Label: words.ContactTitle(c), Note: row.Number}
		if h.Label == row.Number {
			h.Note = ""
		}
		if company := row.Company(); company != "" && company != h.Label {
			h.Note += " · " + company
		}
		hits = append(hits, h)
	}
	return hits
}

func (room *Room) lists(ctx context.Context, acct account.Account, text string) (group, error) {
	g := group{Name: "Lists"}
	page, err := room.Book.Lists(ctx, acct, addressbook.ListQuery{
		Window: addressbook.Window{Limit: hitsOfKind, Sort: addressbook.ByName}, Name: text,
	})
	for _, l := range page.Lists {
		g.Hits = append(g.Hits, hit{URL: "/lists/" + l.SID.String(), Label: l.Name, Note: words.Plural(l.ContactCount, "contact", "contacts")})
	}
	if page.Next != nil {
		g.All, g.AllLabel = "/lists?"+url.Values{"q": {text}}.Encode(), "All "+words.Count(page.Total)+" lists that match"
	}
	return g, err
}

func (room *Room) imports(ctx context.Context, acct account.Account, text string) (group, error) {
	g := group{Name: "Imports"}
	found, err := room.Imports.Find(ctx, acct, text, hitsOfKind)
	for _, u := range found {
		row := words.ImportRowOf(u)
		note := row.State.Text + ", " + u.Created.In(acct.TimeZone).Format("2 Jan 2006")
		if u.DryRun {
			note = "Check only, " + u.Created.In(acct.TimeZone).Format("2 Jan 2006")
		}
		g.Hits = append(g.Hits, hit{URL: "/imports/" + u.SID.String(), Label: row.Name(), Note: note})
	}
	return g, err
}

// pages searches the pages of the dashboard and the reference. For an empty text, it
// returns the pages that people are likely to want.
func (room *Room) pages(r *http.Request, text string) []group {
	goTo, reference := group{Name: "Go to"}, group{Name: "API reference"}
	for _, e := range room.entries(r, text) {
		h := hit{URL: e.Path, Label: e.Label}
		switch {
		case !e.Reference:
			goTo.Hits = append(goTo.Hits, h)
		case text != "" && len(reference.Hits) < hitsOfKind:
			h.Note = e.More
			reference.Hits = append(reference.Hits, h)
		}
	}
	if text != "" && len(goTo.Hits) > hitsOfKind {
		goTo.Hits = goTo.Hits[:hitsOfKind]
	}
	return []group{goTo, reference}
}

func (room *Room) keyboard(*http.Request) (shell.Answer, error) {
	return pages.Show("keyboard", "Keys of the keyboard", nil), nil
}
