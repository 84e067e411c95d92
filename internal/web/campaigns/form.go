package campaigns

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"callbook/internal/account"
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

// localTime is the format of inputs of the type datetime-local.
const localTime = "2006-01-02T15:04"

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

// draftOf returns the draft that the form's values describe.
func (room *Room) draftOf(r *http.Request, v url.Values) (*campaign.Draft, error) {
	acct := shell.AccountOf(r)
	d := &campaign.Draft{CallerID: campaign.Some(strings.TrimSpace(v.Get("caller_id"))), CallingHours: hoursDraft(v), By: shell.Asker(r)}
	d.Record, d.Language = campaign.Some(v.Get("record") != ""), campaign.Some(v.Get("language"))
	if lists := v["list"]; len(lists) > 0 {
		d.Lists = campaign.Some(lists)
		list, err := room.firstList(r, lists)
		if err != nil {
			return nil, err
		}
		if list.Type == addressbook.Dynamic {
			d.CampaignType = campaign.Some("dynamic")
		}
	}
	if numbers := lines(v.Get("number")); len(numbers) > 0 {
		d.From = campaign.Some(numbers)
	}
	switch v.Get("hears") {
	case "flow":
		d.URL = campaign.Some(v.Get("url"))
		if name := v.Get("flow"); name != "" {
			d.URL = campaign.Some(flowURL(acct, name))
		}
	case "menu":
		d.Text, d.FlowType = campaign.Some(v.Get("text")), campaign.Some(campaign.IVR)
		d.RepeatMenu = campaign.Some(number(v.Get("repeat")))
	default:
		d.Text, d.FlowType = campaign.Some(v.Get("text")), campaign.Some(campaign.Greeting)
	}
	if name := strings.TrimSpace(v.Get("name")); name != "" {
		d.Name = campaign.Some(name)
	}
	if n := number(v.Get("retries")); n != 0 {
		retries := campaign.RetriesDraft{Number: campaign.Some(n), Interval: campaign.Some(number(v.Get("interval"))), OnStatus: campaign.Some(v["on"])}
		if v.Get("growing") != "" {
			retries.Mechanism = campaign.Some("Exponential")
		}
		d.Retries = campaign.Some(retries)
	}
	if text := strings.TrimSpace(v.Get("throttle")); text != "" {
		d.Mode, d.Throttle = campaign.Some("custom"), campaign.Some(number(text))
	}
	for name, field := range map[string]*campaign.Optional[string]{
		"call_status_callback": &d.CallStatusCallback, "call_schedule_callback": &d.CallScheduleCallback, "status_callback": &d.StatusCallback,
	} {
		*field = campaign.Some(v.Get(name))
	}
	schedule, err := scheduleOf(acct, v)
	d.Schedule = campaign.Some(schedule)
	return d, err
}

// firstList returns the first of the chosen lists.
func (room *Room) firstList(r *http.Request, lists []string) (addressbook.List, error) {
	sid, ok := addressbook.ParseSID(lists[0])
	if !ok {
		return addressbook.List{}, addressbook.ErrNoList
	}
	return room.Book.List(r.Context(), shell.AccountOf(r), sid)
}

// scheduleOf parses the dates of the form, which are in the account's time zone.
func scheduleOf(acct account.Account, v url.Values) (d campaign.ScheduleDraft, err error) {
	for name, field := range map[string]*campaign.Optional[string]{"send_at": &d.SendAt, "end_at": &d.EndAt} {
		text := strings.TrimSpace(v.Get(name))
		if text == "" {
			continue
		}
		t, err := time.ParseInLocation(localTime, text, acct.TimeZone)
		if err != nil {
			return d, fault.New(fault.Invalid, "Write dates as 2026-06-01T10:00")
		}
		*field = campaign.Some(t.Format(time.RFC3339))
	}
	return d, nil
}

// lines returns the lines of a text that are not blank.
func lines(text string) (found []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	return found
}

// number parses a whole number. It returns -1 if text is not one.
func number(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return -1
	}
	return n
}

// valuesOf returns the form's values for a campaign with these settings.
func valuesOf(s *campaign.Settings) url.Values {
	v := url.Values{"caller_id": {s.CallerID}, "name": {s.Name}, "text": {s.Text}, "url": {s.URL}, "hears": {"text"}, "on": {}, "retries": {"0"}}
	for _, sid := range s.Lists {
		v.Add("list", sid.String())
	}
	numbers := make([]string, len(s.From))
	for i, n := range s.From {
		numbers[i] = n.String()
	}
	v.Set("number", strings.Join(numbers, "\n"))
	switch {
	case s.URL != "":
		v.Set("hears", "flow")
	case s.FlowType == campaign.IVR:
		v.Set("hears", "menu")
	}
	v.Set("language", s.Language)
	if s.Record {
		v.Set("record", "1")
	}
	v.Set("repeat", strconv.Itoa(s.RepeatMenu))
	if r := s.Retries; r != nil {
		v.Set("retries", strconv.Itoa(r.Number))
		v.Set("interval", strconv.Itoa(int(r.Interval/time.Minute)))
		v["on"] = r.OnStatus()
		if r.Exponential {
			v.Set("growing", "1")
		}
	}
	if s.Throttle > 0 {
		v.Set("throttle", strconv.Itoa(s.Throttle))
	}
	v.Set("call_status_callback", s.CallStatusCallback)
	v.Set("call_schedule_callback", s.CallScheduleCallback)
	v.Set("status_callback", s.StatusCallback)
	return v
}
