package overview

import (
	"fmt"
	"net/url"

	"callbook/internal/phone"
	"callbook/internal/summary"
	"callbook/internal/web/words"
)

// bar is one of a table of bars.
type bar struct {
	Label    string
	URL      string // of the contacts that it counts; "" where no filter finds them
	Note     string // of what the URL leads to beside them
	Contacts int
	Width    string // of 100, which is all contacts
	Percent  string
}

// barsOf makes a table of bars, whose parts are of so many in all.
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

// regionBars are the contacts by country. The table of contacts is filtered by
// calling code, and those who share one are found together.
func regionBars(s *summary.Summary) []bar {
	var bars []bar
	others := 0
	for i, share := range s.Regions {
		if i >= mostRegions {
			others += share.Contacts
			continue
		}
		b := bar{Label: words.Country(share.Of), Contacts: share.Contacts}
		if b.Label == "" {
			b.Label = "Unknown"
		}
		if code := phone.RegionCallingCode(share.Of); code != 0 {
			b.URL = contactsURL("country", fmt.Sprint(int(code)))
			if more := len(code.Regions()) - 1; more > 0 {
				b.Note = fmt.Sprintf("all numbers with +%d, which %d countries share", code, more+1)
			}
		}
		bars = append(bars, b)
	}
	if others > 0 {
		bars = append(bars, bar{Label: "Other countries", Contacts: others})
	}
	return barsOf(s.Contacts, bars)
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

// lineBars are the contacts by kind of line. No filter finds them: the kind is told by
// the first digits of each number, which no database looks up.
func lineBars(s *summary.Summary) []bar {
	var bars []bar
	for _, share := range s.Lines {
		bars = append(bars, bar{Label: lineNames[share.Of], Contacts: share.Contacts})
	}
	return barsOf(s.Contacts, bars)
}

// mostTags is how many tags are shown.
const mostTags = 12

// tagBars are the contacts by tag.
func tagBars(s *summary.Summary) []bar {
	var bars []bar
	others := s.OtherTags
	for i, share := range s.Tags {
		if i >= mostTags {
			others += share.Contacts
			continue
		}
		// In double quotes it is this tag alone, and not a part of one.
		bars = append(bars, bar{Label: share.Of, URL: contactsURL("tag", `"`+share.Of+`"`), Contacts: share.Contacts})
	}
	if others > 0 {
		bars = append(bars, bar{Label: "Other tags", Contacts: others})
	}
	if len(bars) > 0 && s.Untagged > 0 {
		bars = append(bars, bar{Label: "No tag", Contacts: s.Untagged})
	}
	return barsOf(s.Contacts, bars)
}

func contactsURL(name, value string) string {
	return "/contacts?" + url.Values{name: {value}}.Encode()
}
