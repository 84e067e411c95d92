package campaigns

import (
	"net/url"
	"strconv"
	"strings"

	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// rules are an account's calling rules as texts for people. Two versions of them are merged
// if somebody else has saved the rules meanwhile. "" means no limit.
type rules struct {
	rate, cap string
	countries string // as "IN, US"
	hours     string // as "09:00-21:00"
	days      string // as "Mon, Tue"
}

// rulesOf returns the rules of a policy that has its defaults.
func rulesOf(p *campaign.Policy) rules {
	r := rules{rate: orEmpty(p.CallsAMinute), cap: orEmpty(max(0, p.DailyCap))}
	if !p.AnyCountry() {
		r.countries = strings.Join(p.Countries, ", ")
	}
	if !p.Hours.Always() {
		r.hours = p.Hours.String()
	}
	var days []string
	for _, d := range dayLabels {
		if p.Days == nil || p.Days[d.day] {
			days = append(days, d.label)
		}
	}
	r.days = strings.Join(days, ", ")
	return r
}

// typedRules reads the form.
func typedRules(form url.Values) (rules, error) {
	get := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	r := rules{rate: get("rate"), cap: get("cap"), countries: get("countries")}
	if from, until := get("from"), get("until"); from != "" || until != "" {
		if until == "00:00" {
			until = "24:00"
		}
		r.hours = from + "-" + until
	}
	var days []string
	for _, d := range dayLabels {
		for _, day := range form["day"] {
			if day == strconv.Itoa(d.day) {
				days = append(days, d.label)
			}
		}
	}
	r.days = strings.Join(days, ", ")
	p, err := r.policy()
	if err == nil {
		err = p.Check()
	}
	return rulesOf(&p), err
}

// policy returns the policy of the rules. A zero field means no limit.
func (r rules) policy() (p campaign.Policy, err error) {
	for text, into := range map[*string]*int{&r.rate: &p.CallsAMinute, &r.cap: &p.DailyCap} {
		if *text != "" {
			if *into = number(*text); *into < 1 {
				return p, fault.New(fault.Invalid, "A number of calls is 1 or more, or nothing")
			}
		}
	}
	if r.countries != "" {
		p.Countries = campaign.ParseCountries(r.countries)
	}
	if r.hours != "" {
		if p.Hours, err = campaign.ParseHours(r.hours); err != nil {
			return p, fault.New(fault.Invalid, "Calling hours begin before they end: write both, as 09:00 and 21:00")
		}
	}
	var days [7]bool
	for _, d := range dayLabels {
		days[d.day] = strings.Contains(r.days, d.label)
	}
	if !campaign.EveryDay(&days) {
		p.Days = &days
	}
	return p, nil
}

// merge merges the typed rules r with the stored rules now. Same means that the form was
// loaded with these stored rules.
func (r rules) merge(m *shell.Merge, now rules, same bool) rules {
	merge := func(name, label string, mine *string, now string) {
		*mine = m.Value(shell.Version{Name: name, Label: label, Was: m.Was(name, now, same), Now: now, Mine: *mine})
	}
	merge("rate", "Calls a minute", &r.rate, now.rate)
	merge("cap", "Calls a day to a number", &r.cap, now.cap)
	merge("countries", "Countries that may be called", &r.countries, now.countries)
	merge("hours", "Calling hours", &r.hours, now.hours)
	merge("days", "Days", &r.days, now.days)
	return r
}

// options returns the rules by the names under which they are merged.
func (r rules) options() []shell.Option {
	return []shell.Option{
		{Value: "rate", Label: r.rate}, {Value: "cap", Label: r.cap}, {Value: "countries", Label: r.countries},
		{Value: "hours", Label: r.hours}, {Value: "days", Label: r.days},
	}
}

// fields returns the values of the form that typedRules reads as these rules.
func (r rules) fields() []shell.Option {
	from, until, _ := strings.Cut(r.hours, "-")
	fields := []shell.Option{
		{Value: "rate", Label: r.rate}, {Value: "cap", Label: r.cap}, {Value: "countries", Label: r.countries},
		{Value: "from", Label: from}, {Value: "until", Label: until},
	}
	for _, d := range dayLabels {
		if strings.Contains(r.days, d.label) {
			fields = append(fields, shell.Option{Value: "day", Label: strconv.Itoa(d.day)})
		}
	}
	return fields
}
