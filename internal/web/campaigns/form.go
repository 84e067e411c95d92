package campaigns

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// form is the data of the template campaign-form.html: the form with its values.
type form struct {
	Lists      []listChoice
	MoreLists  bool // there are more lists than the form shows
	Numbers    shell.Field
	ListError  string
	CallerID   shell.Field
	Hears      string // "text", "menu" or "flow"
	Voice      bool   // whether texts can be played
	Text, URL  shell.Field
	Language   shell.Field
	Record     bool
	RecordHint string
	Flow       shell.Field // a flow of the account, instead of a URL
	Repeat     shell.Field
	SendAt     shell.Field
	EndAt      shell.Field
	Hours      ownHours
	Retries    shell.Field
	Interval   shell.Field
	Growing    bool // whether the intervals grow
	On         []check
	Throttle   shell.Field
	Rate       int // the account's calls per minute
	Name       shell.Field
	Callbacks  []shell.Field
	// Error is a fault that is not about a field of the form.
	Error string
	Zone  string
}

// listChoice is a list to choose for the campaign.
type listChoice struct {
	addressbook.List
	Chosen bool
}

// check is a checkbox.
type check struct {
	Value, Label string
	Checked      bool
}

// formLists bounds the lists in the form.
const formLists = 500

// newPage shows an empty form, a form with typed values, or a copy of a campaign's
// settings.
func (room *Room) newPage(r *http.Request) (shell.Answer, error) {
	query := r.URL.Query()
	values, err := shell.Typed(r)
	if name := query.Get("draft"); err == nil && name != "" {
		_, err = shell.Kept(r, name, &values)
	}
	if sid, ok := addressbook.ParseSID(query.Get("copy")); err == nil && ok {
		var c *campaign.Campaign
		if c, err = room.Campaigns.Get(r.Context(), shell.AccountOf(r), sid); err == nil {
			values = valuesOf(&c.Settings)
			values.Set("flow", c.FlowName())
		}
	}
	if err != nil {
		return shell.Answer{}, err
	}
	if values == nil {
		values = url.Values{"list": query["list"], "number": query["number"], "on": {"busy", "no-answer", "failed"}}
		if flow := query.Get("flow"); flow != "" {
			values["hears"], values["flow"] = []string{"flow"}, []string{flow}
		}
	}
	f, err := room.form(r, values)
	if err != nil {
		return shell.Answer{}, err
	}
	return f.page(), nil
}

func (f *form) page() shell.Answer { return pages.Show("campaign-form", "Make a campaign", f) }

// form returns the form with these values.
func (room *Room) form(r *http.Request, v url.Values) (*form, error) {
	acct := shell.AccountOf(r)
	get := func(name, absent string) string {
		if _, there := v[name]; !there {
			return absent
		}
		return strings.TrimSpace(v.Get(name))
	}
	policy, err := room.Campaigns.Policy(r.Context(), acct)
	if err != nil {
		return nil, err
	}
	f := &form{
		Numbers:  shell.Field{Name: "number", Label: "Or numbers", Type: "textarea", Value: get("number", ""), Hint: "One a line, in any spelling, up to 5,000."},
		CallerID: shell.Field{Name: "caller_id", Label: "Number that they see", Value: get("caller_id", ""), Required: true, InputMode: "tel", Hint: "The caller id, as 08047112233."},
		Hears:    get("hears", "text"),
		Voice:    room.Voice != nil,
		Text:     shell.Field{Name: "text", Label: "What is said", Depends: true, Type: "textarea", Value: get("text", ""), MaxLength: campaign.MaxText, Hint: "10 to 3,000 characters. @@first_name stands for the contact's first name; " + strings.Join(addressbook.TextKeys()[1:], ", ") + " and custom fields work too."},
		URL:      shell.Field{Name: "url", Label: "Address of the flow", Value: get("url", ""), Mono: true, Placeholder: "http://my.exotel.com/" + acct.SID + "/exoml/start_voice/42"},
		Language: offerLanguages(get("language", "")),
		Record:   get("record", "") != "", RecordHint: room.recordHint(),
		Repeat:   shell.Field{Name: "repeat", Label: "Say it again when no key is pressed", Type: "select", Value: get("repeat", "1"), Options: numbered(campaign.MaxRepeatMenu, "never", "time", "times")},
		SendAt:   shell.Field{Name: "send_at", Label: "Begin", Type: "datetime-local", Value: get("send_at", ""), Hint: "Empty: at once."},
		EndAt:    shell.Field{Name: "end_at", Label: "End", Type: "datetime-local", Value: get("end_at", ""), Hint: "Empty: 30 days later."},
		Retries:  shell.Field{Name: "retries", Label: "Call again", Type: "select", Value: get("retries", "2"), Options: numbered(campaign.MaxRetries, "never", "time", "times")},
		Interval: shell.Field{Name: "interval", Label: "Minutes between", Value: get("interval", strconv.Itoa(campaign.DefaultInterval)), InputMode: "numeric"},
		Growing:  get("growing", "") != "",
		Throttle: shell.Field{Name: "throttle", Label: "Calls a minute", Value: get("throttle", ""), InputMode: "numeric"},
		Rate:     policy.Rate(),
		Name:     shell.Field{Name: "name", Label: "Name", Value: get("name", ""), MaxLength: campaign.MaxName, Hint: "Empty: the account and the date."},
		Callbacks: []shell.Field{
			{Name: "call_status_callback", Label: "After each call", Value: get("call_status_callback", ""), Mono: true, Placeholder: "https://"},
			{Name: "call_schedule_callback", Label: "When a number is done", Value: get("call_schedule_callback", ""), Mono: true, Placeholder: "https://"},
			{Name: "status_callback", Label: "At the start and the end", Value: get("status_callback", ""), Mono: true, Placeholder: "https://"},
		},
		Hours: ownHoursOf(&policy, v),
		Zone:  acct.TimeZone.String(),
	}
	f.Throttle.Hint = "Empty: as many as the account may make, " + words.Count(policy.Rate()) + " a minute over all campaigns."
	for _, on := range []campaign.Outcome{campaign.Busy, campaign.NoAnswer, campaign.CallFailed} {
		label, _ := words.Outcome(on)
		f.On = append(f.On, check{Value: on.String(), Label: label, Checked: slices.Contains(v["on"], on.String())})
	}
	if f.Flow, err = room.offerFlows(r, get("flow", "")); err != nil {
		return nil, err
	}
	return f, room.offerLists(r, f, v["list"])
}

// offerLanguages returns the field that selects the language of texts.
func offerLanguages(chosen string) shell.Field {
	f := shell.Field{
		Name: "language", Label: "Language of the texts", Type: "select", Value: chosen, Options: []shell.Option{{Value: "", Label: "By their letters"}},
		Hint: "The voice reads numbers and dates as this language does. Choose one for Hindi in Latin letters, or Marathi, which has the letters of Hindi.",
	}
	there := chosen == ""
	for _, l := range words.Languages() {
		f.Options, there = append(f.Options, shell.Option{Value: l.Code, Label: l.Name}), there || l.Code == chosen
	}
	if !there {
		f.Options = append(f.Options, shell.Option{Value: chosen, Label: chosen})
	}
	return f
}

// numbered returns the options 0 to most of a select field.
func numbered(most int, none, one, many string) (options []shell.Option) {
	for i := range most + 1 {
		label := words.Plural(i, one, many)
		if i == 0 {
			label = none
		}
		options = append(options, shell.Option{Value: strconv.Itoa(i), Label: label})
	}
	return options
}

// offerLists adds the account's lists to the form, the chosen ones first.
func (room *Room) offerLists(r *http.Request, f *form, chosen []string) error {
	acct := shell.AccountOf(r)
	for _, text := range chosen {
		sid, ok := addressbook.ParseSID(text)
		if !ok || len(f.Lists) == campaign.MaxStaticLists {
			continue
		}
		list, err := room.Book.List(r.Context(), acct, sid)
		if fault.Is(err, fault.NotFound) {
			f.ListError = "A list that was chosen is not there any more."
			continue
		}
		if err != nil {
			return err
		}
		f.Lists = append(f.Lists, listChoice{List: list, Chosen: true})
	}
	first := len(f.Lists)
	page, err := room.Book.Lists(r.Context(), acct, addressbook.ListQuery{Window: addressbook.Window{Sort: addressbook.ByName, Limit: formLists}})
	for _, list := range page.Lists {
		if !slices.ContainsFunc(f.Lists[:first], func(c listChoice) bool { return c.SID == list.SID }) {
			f.Lists = append(f.Lists, listChoice{List: list})
		}
	}
	f.MoreLists = page.Next != nil
	return err
}
