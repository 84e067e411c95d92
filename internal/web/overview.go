package web

import (
	"net/http"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/phone"
	"callbook/internal/summary"
	"callbook/internal/upload"
	"callbook/internal/usage"
)

const (
	// importsOnOverview is how many imports the overview shows.
	importsOnOverview = 3
	// quickly is how many contacts are counted while the page waits.
	quickly = 20_000
	// requestDays is for how many days requests are shown.
	requestDays = 14
	// mostRegions is how many countries are shown.
	mostRegions = 10
)

// overviewRoom is the first page.
type overviewRoom struct {
	Book    *addressbook.Book
	Imports *upload.Importer
	Summary *summary.Keeper
	Usage   *usage.Counter
	Clock   clock.Clock
}

// Routes implements shell.Room.
func (room *overviewRoom) Routes(d *Dashboard) {
	pages.Parse()
	d.navigation(navItem{Path: "/", Label: "Overview", Icon: drawing(`<path d="M3 16V9m4.7 7V4m4.6 12v-5M17 16V6"/>`)})
	d.handle("GET /{$}", room.overviewPage)
	d.handle("GET /overview/plots", room.overviewPlots)
}

// overview is what the template overview.html shows.
type overview struct {
	Contacts, Lists, Imports int
	Today                    usage.Day
	LastImports              []importRow
	Requests                 columnChart
	// Plots are of the contacts; nil while they are not counted.
	Plots *plots
	// APIURL and so on are for a first request.
	APIURL, SID string
}

// plots are what the contacts are made of.
type plots struct {
	Made                 time.Time
	Contacts             int
	Growth               areaChart
	Regions, Lines, Tags []bar
}

func (room *overviewRoom) overviewPage(r *http.Request) (answer, error) {
	ctx, acct := r.Context(), accountOf(r)
	contacts, err := room.contactCount(r)
	if err != nil {
		return answer{}, err
	}
	lists, err := room.Book.Lists(ctx, acct, addressbook.ListQuery{Window: addressbook.Window{Limit: 1}})
	if err != nil {
		return answer{}, err
	}
	imports, err := room.Imports.Uploads(ctx, acct, addressbook.Window{Limit: importsOnOverview, Desc: true})
	if err != nil {
		return answer{}, err
	}
	days, err := room.Usage.Days(ctx, acct, requestDays)
	if err != nil {
		return answer{}, err
	}
	page := overview{
		Contacts: contacts,
		Lists:    lists.Total,
		Imports:  imports.Total,
		Today:    days[len(days)-1],
		Requests: requestColumns(days),
		APIURL:   accountURL(r),
		SID:      acct.SID,
	}
	for _, u := range imports.Uploads {
		page.LastImports = append(page.LastImports, rowOf(u))
	}
	// A page that is small is made at once; a large one comes without plots, and
	// they come when they are counted.
	s, kept := room.Summary.Kept(acct, contacts)
	if !kept && (contacts <= quickly || r.URL.Query().Get("plots") == "now") {
		if s, err = room.Summary.Summary(ctx, acct, contacts); err != nil {
			return answer{}, err
		}
		kept = true
	}
	if kept {
		page.Plots = room.plotsOf(r, &s)
	}
	return pages.show("overview", "Overview", page), nil
}

func (room *overviewRoom) contactCount(r *http.Request) (int, error) {
	page, err := room.Book.Contacts(r.Context(), accountOf(r), addressbook.Query{Window: addressbook.Window{Limit: 1}})
	return page.Total, err
}

// summary is the account's, however long it takes to make.
func (room *overviewRoom) summary(r *http.Request) (summary.Summary, error) {
	contacts, err := room.contactCount(r)
	if err != nil {
		return summary.Summary{}, err
	}
	return room.Summary.Summary(r.Context(), accountOf(r), contacts)
}

// overviewPlots is the piece of the overview that takes a while.
func (room *overviewRoom) overviewPlots(r *http.Request) (answer, error) {
	if !byHTMX(r) {
		return goTo("/?plots=now"), nil
	}
	s, err := room.summary(r)
	if err != nil {
		return answer{}, err
	}
	a := pages.show("overview", "", room.plotsOf(r, &s))
	a.fragment = "plots"
	return a, nil
}

// lineNames are what people call the kinds of lines.
var lineNames = map[phone.Line]string{
	phone.UnknownLine:   "Unknown",
	phone.Mobile:        "Mobile",
	phone.FixedLine:     "Fixed line",
	phone.FixedOrMobile: "Fixed line or mobile",
	phone.TollFree:      "Toll-free",
	phone.VoIP:          "Internet telephony",
	phone.OtherLine:     "Premium and others",
}

func (room *overviewRoom) plotsOf(r *http.Request, s *summary.Summary) *plots {
	year, month, day := room.Clock.Now().In(accountOf(r).TimeZone).Date()
	p := &plots{
		Made:     s.Made,
		Contacts: s.Contacts,
		Growth:   growth(s.Days, time.Date(year, month, day, 0, 0, 0, 0, time.UTC)),
	}
	var regions, lines, tags []bar
	others := 0
	for i, share := range s.Regions {
		if i >= mostRegions {
			others += share.Contacts
			continue
		}
		name := countryName(share.Of)
		if name == "" {
			name = "Unknown"
		}
		regions = append(regions, bar{Label: name, Contacts: share.Contacts})
	}
	if others > 0 {
		regions = append(regions, bar{Label: "Other countries", Contacts: others})
	}
	for _, share := range s.Lines {
		lines = append(lines, bar{Label: lineNames[share.Of], Contacts: share.Contacts})
	}
	for _, share := range s.Tags {
		tags = append(tags, bar{Label: share.Of, Contacts: share.Contacts})
	}
	if s.OtherTags > 0 {
		tags = append(tags, bar{Label: "Other tags", Contacts: s.OtherTags})
	}
	if len(tags) > 0 && s.Untagged > 0 {
		tags = append(tags, bar{Label: "No tag", Contacts: s.Untagged})
	}
	p.Regions, p.Lines, p.Tags = barsOf(s.Contacts, regions), barsOf(s.Contacts, lines), barsOf(s.Contacts, tags)
	return p
}
