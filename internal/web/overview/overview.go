// Package overview has the first page, with counts and charts.
package overview

import (
	"embed"
	"net/http"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/summary"
	"callbook/internal/upload"
	"callbook/internal/usage"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

const (
	// importsOnOverview is how many imports the overview shows.
	importsOnOverview = 3
	// quickly is the number of contacts up to which the page waits for the summary.
	quickly = 20_000
	// requestDays is how many days of requests are shown.
	requestDays = 14
	// mostAlike is how many groups of tags that differ only in case are shown.
	mostAlike = 5
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Room has the overview.
type Room struct {
	Book    *addressbook.Book
	Imports *upload.Importer
	Summary *summary.Keeper
	Usage   *usage.Counter
	Clock   clock.Clock
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddNav(shell.NavItem{Path: "/", Label: "Overview", Icon: shell.Drawing(`<path d="M3 16V9m4.7 7V4m4.6 12v-5M17 16V6"/>`)})
	d.AddEntries(func() []shell.Entry {
		return []shell.Entry{{Path: "/requests", Label: "Requests", More: "API refused errors"}}
	})
	d.Handle("GET /{$}", room.overviewPage)
	d.Handle("GET /overview/plots", room.overviewPlots)
	d.Handle("GET /requests", room.requests)
}

// overview is the data of the template overview.html.
type overview struct {
	Contacts, Lists, Imports int
	Today                    usage.Day
	LastImports              []words.ImportRow
	Requests                 columnChart
	// Plots has the charts of contacts; nil means that they are not counted yet.
	Plots  *plots
	APIURL string // for a sample request
}

// TodayDate returns today's date in the form 2006-01-02.
func (o overview) TodayDate() string { return o.Today.Date.Time().Format(time.DateOnly) }

// plots has the charts of contacts.
type plots struct {
	Made                 time.Time
	Contacts             int
	Growth               columnChart
	Regions, Lines, Tags []bar
	// Alike are groups of tags that differ only in case, those with the most contacts
	// first.
	Alike [][]summary.Share[string]
}

func (room *Room) overviewPage(r *http.Request) (shell.Answer, error) {
	ctx, acct := r.Context(), shell.AccountOf(r)
	contacts, err := room.contactCount(r)
	if err != nil {
		return shell.Answer{}, err
	}
	lists, err := room.Book.Lists(ctx, acct, addressbook.ListQuery{Window: addressbook.Window{Limit: 1}})
	if err != nil {
		return shell.Answer{}, err
	}
	imports, err := room.Imports.Uploads(ctx, acct, upload.Query{
		Window: addressbook.Window{Limit: importsOnOverview, Desc: true}, Kind: upload.Imports,
	})
	if err != nil {
		return shell.Answer{}, err
	}
	days, err := room.Usage.Days(ctx, acct, requestDays)
	if err != nil {
		return shell.Answer{}, err
	}
	page := overview{
		Contacts: contacts,
		Lists:    lists.Total,
		Imports:  imports.Total,
		Today:    days[len(days)-1],
		Requests: requestColumns(days),
		APIURL:   shell.AccountURL(r),
	}
	for _, u := range imports.Uploads {
		page.LastImports = append(page.LastImports, words.ImportRowOf(u))
	}
	// For a small address book, include the charts. For a large one, the browser loads
	// them once the contacts are counted.
	s, kept := room.Summary.Kept(acct, contacts)
	if !kept && (contacts <= quickly || r.URL.Query().Get("plots") == "now") {
		if s, err = room.Summary.Summary(ctx, acct, contacts); err != nil {
			return shell.Answer{}, err
		}
		kept = true
	}
	if kept {
		page.Plots = room.plotsOf(r, &s)
	}
	return pages.Show("overview", "Overview", page), nil
}

func (room *Room) contactCount(r *http.Request) (int, error) {
	page, err := room.Book.Contacts(r.Context(), shell.AccountOf(r), addressbook.Query{Window: addressbook.Window{Limit: 1}})
	return page.Total, err
}

// overviewPlots returns the charts, which may take a while.
func (room *Room) overviewPlots(r *http.Request) (shell.Answer, error) {
	if !shell.ByHTMX(r) {
		return shell.GoTo("/?plots=now"), nil
	}
	contacts, err := room.contactCount(r)
	if err != nil {
		return shell.Answer{}, err
	}
	s, err := room.Summary.Summary(r.Context(), shell.AccountOf(r), contacts)
	if err != nil {
		return shell.Answer{}, err
	}
	return pages.Show("overview", "", room.plotsOf(r, &s)).Piece("plots"), nil
}

func (room *Room) plotsOf(r *http.Request, s *summary.Summary) *plots {
	year, month, day := room.Clock.Now().In(shell.AccountOf(r).TimeZone).Date()
	return &plots{
		Made:     s.Made,
		Contacts: s.Contacts,
		Growth:   growth(s.Days, time.Date(year, month, day, 0, 0, 0, 0, time.UTC)),
		Regions:  regionBars(s),
		Lines:    lineBars(s),
		Tags:     tagBars(s),
		Alike:    firstAlike(s),
	}
}

// firstAlike returns a few groups of tags that differ only in case.
func firstAlike(s *summary.Summary) [][]summary.Share[string] {
	groups := s.Alike()
	return groups[:min(len(groups), mostAlike)]
}
