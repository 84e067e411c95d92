package campaigns

import (
	"net/url"
	"strconv"
	"strings"

	"callbook/internal/campaign"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// ownHours is the part of the form about a campaign's own calling hours.
type ownHours struct {
	Choice      string // "" for the account's, "always" or "own"
	Account     string // describes the account's hours
	From, Until shell.Field
	Days        []check
	Reason      shell.Field
	Error       string
}

// ownHoursOf returns this part of the form with the values v.
func ownHoursOf(p *campaign.Policy, v url.Values) ownHours {
	h := ownHours{
		Choice: v.Get("hours"), Account: words.CallingHours(p.Hours, p.Days),
		From:   shell.Field{Name: "hours_from", Label: "From", Type: "time", Value: v.Get("hours_from")},
		Until:  shell.Field{Name: "hours_until", Label: "Until", Type: "time", Value: v.Get("hours_until")},
		Reason: shell.Field{Name: "hours_reason", Label: "Why not the account's hours", Value: v.Get("hours_reason"), MaxLength: campaign.MaxReason, Hint: "It is kept with the campaign."},
	}
	for _, d := range dayLabels {
		checked := len(v["hours_day"]) == 0
		for _, day := range v["hours_day"] {
			checked = checked || day == strconv.Itoa(d.day)
		}
		h.Days = append(h.Days, check{Value: strconv.Itoa(d.day), Label: d.label, Checked: checked})
	}
	return h
}

// hoursDraft returns the calling hours that the form's values describe.
func hoursDraft(v url.Values) (d campaign.Optional[campaign.CallingHoursDraft]) {
	own := campaign.CallingHoursDraft{Reason: campaign.Some(v.Get("hours_reason"))}
	switch v.Get("hours") {
	case "always":
		own.Hours, own.Days = campaign.Some("always"), campaign.Some("always")
	case "own":
		from, until := strings.TrimSpace(v.Get("hours_from")), strings.TrimSpace(v.Get("hours_until"))
		if until == "00:00" {
			until = "24:00"
		}
		own.Hours, own.Days = campaign.Some(from+"-"+until), campaign.Some("always")
		if from == "" && until == "" {
			own.Hours = campaign.Some("always")
		}
		var days [7]bool
		for _, text := range v["hours_day"] {
			if day := number(text); day >= 0 && day < len(days) {
				days[day] = true
			}
		}
		if days != [7]bool{} {
			own.Days = campaign.Some(campaign.FormatDays(&days))
		}
	default:
		return d
	}
	return campaign.Some(own)
}

// hoursOf says when a campaign may call; "" means always.
func hoursOf(p campaign.Policy, s *campaign.Settings) string {
	if p = p.Of(s); s.CallingHours == nil && p.Hours.Always() && campaign.EveryDay(p.Days) {
		return ""
	}
	return words.CallingHours(p.Hours, p.Days)
}
