package web

import (
	"net/http"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/summary"
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

func (d *Dashboard) overviewPage(r *http.Request) (answer, error) {
	ctx, acct := r.Context(), accountOf(r)
	contacts, err := d.contactCount(r)
	if err != nil {
		return answer{}, err
	}
	lists, err := d.cfg.Book.Lists(ctx, acct, addressbook.ListQuery{Window: addressbook.Window{Limit: 1}})
	if err != nil {
		return answer{}, err
	}
	imports, err := d.cfg.Imports.Uploads(ctx, acct, addressbook.Window{Limit: importsOnOverview, Desc: true})
	if err != nil {
		return answer{}, err
	}
	days, err := d.cfg.Usage.Days(ctx, acct, requestDays)
	if err != nil {
		return answer{}, err
	}
	page := overview{
		Contacts: contacts,
		Lists:    lists.Total,
		Imports:  imports.Total,
		Today:    days[len(days)-1],
		Requests: requestColumns(days),
		APIURL:   d.accountURL(r),
		SID:      acct.SID,
	}
	for _, u := range imports.Uploads {
		page.LastImports = append(page.LastImports, rowOf(u))
	}
	// A page that is small is made at once; a large one comes without plots, and
	// they come when they are counted.
	s, kept := d.cfg.Summary.Kept(acct, contacts)
	if !kept && (contacts <= quickly || r.URL.Query().Get("plots") == "now") {
		if s, err = d.cfg.Summary.Summary(ctx, acct, contacts); err != nil {
			return answer{}, err
		}
		kept = true
	}
	if kept {
		page.Plots = d.plotsOf(r, &s)
	}
	return show("overview", "Overview", page), nil
}

func (d *Dashboard) contactCount(r *http.Request) (int, error) {
	page, err := d.cfg.Book.Contacts(r.Context(), accountOf(r), addressbook.Query{Window: addressbook.Window{Limit: 1}})
	return page.Total, err
}

// summary is the account's, however long it takes to make.
func (d *Dashboard) summary(r *http.Request) (summary.Summary, error) {
	contacts, err := d.contactCount(r)
	if err != nil {
		return summary.Summary{}, err
	}
	return d.cfg.Summary.Summary(r.Context(), accountOf(r), contacts)
}

// overviewPlots is the piece of the overview that takes a while.
func (d *Dashboard) overviewPlots(r *http.Request) (answer, error) {
	if !byHTMX(r) {
		return goTo("/?plots=now"), nil
	}
	s, err := d.summary(r)
	if err != nil {
		return answer{}, err
	}
	a := show("overview", "", d.plotsOf(r, &s))
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

func (d *Dashboard) plotsOf(r *http.Request, s *summary.Summary) *plots {
	year, month, day := d.cfg.Clock.Now().In(accountOf(r).TimeZone).Date()
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
