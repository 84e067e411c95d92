package overview

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"callbook/internal/phone"
	"callbook/internal/summary"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/words"
)

// bar is a row in a table of bars.
type bar struct {
	Label    string
	URL      string // the table of the contacts that it counts, or "" if no filter finds them
	Contacts int
	Width    string // in percent of all contacts
	Percent  string
}

// barsOf sets the widths of bars. All is what 100 % stands for.
func barsOf(all int, bars []bar) []bar {
	for i := range bars {
		b := &bars[i]
		b.Width = fmt.Sprintf("%.2f", 100*float64(b.Contacts)/float64(max(all, 1)))
		b.Percent = percent(b.Contacts, all)
	}
	return bars
}

func percent(part, all int) string {
	switch of := 100 * float64(part) / float64(max(all, 1)); {
	case part == 0:
		return "0 %"
	case of < 0.1:
		return "< 0.1 %"
	case of < 10:
		return fmt.Sprintf("%.1f %%", of)
	default:
		return fmt.Sprintf("%.0f %%", of)
	}
}

// mostRegions is how many countries are shown.
const mostRegions = 10

// regionBars returns the bars of contacts by country.
func regionBars(s *summary.Summary) []bar {
	var bars []bar
	var shown []string
	others := 0
	for i, share := range s.Regions {
		if i >= mostRegions {
			others += share.Contacts
			continue
		}
		name := cmp.Or(share.Of, phone.UnknownRegion)
		shown = append(shown, name)
		bars = append(bars, bar{Label: cmp.Or(words.Country(share.Of), "Unknown"), URL: contactsURL("country", name), Contacts: share.Contacts})
	}
	if others > 0 {
		bars = append(bars, bar{Label: "Other countries", URL: contactsURL("countries_except", strings.Join(shown, ",")), Contacts: others})
	}
	return barsOf(s.Contacts, bars)
}

// lineBars returns the bars of contacts by kind of line.
func lineBars(s *summary.Summary) []bar {
	var bars []bar
	for _, share := range s.Lines {
		bars = append(bars, bar{Label: words.Line(share.Of), URL: contactsURL("kind", share.Of.String()), Contacts: share.Contacts})
	}
	return barsOf(s.Contacts, bars)
}

const (
	// mostTags is how many tags are shown.
	mostTags = 12
	// maxURL bounds a URL that names all of them, in bytes.
	maxURL = 2000
)

// tagBars returns the bars of contacts by tag.
func tagBars(s *summary.Summary) []bar {
	var bars []bar
	var shown []string
	others := s.OtherTags
	for i, share := range s.Tags {
		if i >= mostTags {
			others += share.Contacts
			continue
		}
		shown = append(shown, share.Of)
		bars = append(bars, bar{Label: share.Of, URL: contactsURL("tag_is", share.Of), Contacts: share.Contacts})
	}
	if others > 0 {
		b := bar{Label: "Other tags", URL: contactsURL("tags_except", contacttable.TagsExcept(shown)), Contacts: others}
		if len(b.URL) > maxURL {
			b.URL = ""
		}
		bars = append(bars, b)
	}
	if len(bars) > 0 && s.Untagged > 0 {
		bars = append(bars, bar{Label: "No tag", URL: contactsURL("untagged", "1"), Contacts: s.Untagged})
	}
	return barsOf(s.Contacts, bars)
}

func contactsURL(name, value string) string {
	return "/contacts?" + url.Values{name: {value}}.Encode()
}
