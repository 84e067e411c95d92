package campaigns

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// reviewData is the data of the template review.html, which shows what a campaign will do
// before it is created.
type reviewData struct {
	*campaign.Campaign
	campaign.Preview
	Simulated int
	Voice     bool          // whether the text can be played
	Heard     *hearData     // the text with the values of a contact, or nil
	Flow      *library.Flow // see heardFlow
	Draft     string        // the name of the stored form values
	Now       bool          // whether it begins at once
	ToCall    int
	Refusals  []refusal
	Rate      int    // calls per minute
	Takes     string // the least time that the first calls take
	TooLong   bool   // whether the campaign ends before that
	Lists     []listChoice
	Again     string // which calls are retried
	Hours     string // when people may be called; "" means always
	Spoken    string // the name of the language of its texts, or ""
	Kept      string // how long recordings are kept
}

// refusal is a number of targets that would not be called, and why.
type refusal struct {
	Why     string
	Numbers int
}

var refusalWords = map[campaign.Reason]string{
	campaign.NeverCalled:  "Emergency, premium and short numbers",
	campaign.OtherCountry: "In countries that are not called",
	campaign.OutsideHours: "Without a time zone for the calling hours",
}

// review checks and stores the form's values, and redirects to the page that shows what
// the campaign will do.
func (room *Room) review(r *http.Request) (shell.Answer, error) {
	d, err := room.draftOf(r, r.PostForm)
	if err == nil {
		_, _, err = room.Campaigns.Preview(r.Context(), shell.AccountOf(r), d)
	}
	if refuses(err) {
		form, failed := room.form(r, r.PostForm)
		if failed != nil {
			return shell.Answer{}, failed
		}
		return form.refused(fault.As(err)).page().Invalid(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	name, err := shell.Keep(r, r.PostForm)
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/campaigns/review?page=" + name), nil
}

// refuses reports whether an error is about the form's values.
func refuses(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Missing) || fault.Is(err, fault.NotFound)
}

// refusals are sentences for fields whose faults have Exotel's words for programs.
var refusals = map[fault.Field]string{
	campaign.FieldCallerID:     "This is no telephone number or short code.",
	campaign.FieldFrom:         "Choose lists or write numbers.",
	campaign.FieldURL:          "Write the address of a flow, as the platform does: its path ends in /start_voice/ and the flow's name.",
	campaign.FieldInterval:     "Wait 1 to 1,440 minutes.",
	campaign.FieldSendAt:       "The beginning must not lie in the past, or after the year 2200.",
	campaign.FieldEndAt:        "The end comes after the beginning, in the future, and at most 366 days later.",
	campaign.FieldCallStatus:   "Write an address that begins with http:// or https://.",
	campaign.FieldCallSchedule: "Write an address that begins with http:// or https://.",
	campaign.FieldCallingHours: "Calling hours begin before they end: write both, as 09:00 and 21:00.",
	campaign.FieldReason:       "Say why this campaign has hours of its own, in 255 characters at most.",
	campaign.FieldStatus:       "Write an address that begins with http:// or https://.",
}

// refused returns the form with a fault beside its field.
func (f *form) refused(err *fault.Error) *form {
	text := words.Sentence(err)
	if own := refusals[err.Field]; own != "" && err.Need != fault.Shorter {
		text = own
	}
	if err.Detail == campaign.NotShown {
		text = "No trunk may show this caller id, so no call would leave."
	}
	if number, ok := strings.CutPrefix(err.Detail, "Invalid PhoneNumber "); ok {
		text = "“" + number + "” is no telephone number."
	}
	if variable, ok := strings.CutPrefix(err.Detail, "Invalid ReadViaText: there is no "); ok {
		text = "There is no field for " + variable + "."
	}
	if err.Need == fault.Shorter {
		switch err.Field {
		case campaign.FieldFrom:
			text = "Write " + words.Plural(err.Max, "number", "numbers") + " at most."
		case campaign.FieldLists:
			text = "Choose " + words.Plural(err.Max, "list", "lists") + " at most."
		}
	}
	fields := map[fault.Field]*string{
		campaign.FieldCallerID: &f.CallerID.Error, campaign.FieldFrom: &f.Numbers.Error,
		campaign.FieldLists: &f.ListError, campaign.FieldCampaignType: &f.ListError,
		campaign.FieldLanguage: &f.Language.Error, campaign.FieldURL: &f.URL.Error, campaign.FieldText: &f.Text.Error, campaign.FieldName: &f.Name.Error,
		campaign.FieldRetries: &f.Retries.Error, campaign.FieldInterval: &f.Interval.Error, campaign.FieldThrottle: &f.Throttle.Error,
		campaign.FieldSendAt: &f.SendAt.Error, campaign.FieldEndAt: &f.EndAt.Error,
		campaign.FieldCallingHours: &f.Hours.Error, campaign.FieldReason: &f.Hours.Reason.Error,
		campaign.FieldCallStatus: &f.Callbacks[0].Error, campaign.FieldCallSchedule: &f.Callbacks[1].Error, campaign.FieldStatus: &f.Callbacks[2].Error,
	}
	at, known := fields[err.Field]
	if !known {
		at = &f.Error
	}
	if err.Field == campaign.FieldURL && f.Hears != "flow" {
		at, text = &f.Text.Error, "Write what is said."
	}
	*at = text
	return f
}

// keptDraft returns the draft that the stored values of a reviewed form describe.
func (room *Room) keptDraft(r *http.Request, name string) (*campaign.Draft, error) {
	var values url.Values
	there, err := shell.Kept(r, name, &values)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, errNotKept
	}
	return room.draftOf(r, values)
}

// errNotKept is the fault of a review whose stored form has expired.
var errNotKept = fault.New(fault.NotFound, "What you filled in is not kept any more. Fill in the form again.")

func (room *Room) reviewPage(r *http.Request) (shell.Answer, error) {
	acct := shell.AccountOf(r)
	data := reviewData{Draft: r.URL.Query().Get("page"), Simulated: room.Simulated, Voice: room.Voice != nil}
	d, err := room.keptDraft(r, data.Draft)
	if err != nil {
		return shell.Answer{}, err
	}
	data.Campaign, data.Preview, err = room.Campaigns.Preview(r.Context(), acct, d)
	if refuses(err) {
		return shell.GoTo("/campaigns/new?draft=" + data.Draft).Warning(words.Sentence(fault.As(err))), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	policy, err := room.Campaigns.Policy(r.Context(), acct)
	if err != nil {
		return shell.Answer{}, err
	}
	c := data.Campaign
	data.Now = !c.SendAt.After(c.Created)
	data.ToCall = data.Preview.Called()
	for _, why := range []campaign.Reason{campaign.NeverCalled, campaign.OtherCountry, campaign.OutsideHours} {
		if n := data.Refused[why]; n > 0 {
			data.Refusals = append(data.Refusals, refusal{refusalWords[why], n})
		}
	}
	data.Again = retriesOf(c.Settings.Retries)
	data.Hours = hoursOf(policy, &c.Settings)
	data.Spoken, data.Kept = words.LanguageName(c.Language), kept(room.Recordings.Retention())
	data.Rate = policy.Rate()
	if c.Throttle > 0 {
		data.Rate = c.Throttle
	}
	takes := time.Duration(data.ToCall) * time.Minute / time.Duration(data.Rate)
	data.Takes = words.Length(takes)
	data.TooLong = c.SendAt.Add(takes).After(c.EndAt)
	for _, sid := range c.Lists {
		list, err := room.Book.List(r.Context(), acct, sid)
		if err != nil {
			return shell.Answer{}, err
		}
		data.Lists = append(data.Lists, listChoice{List: list})
	}
	if data.Flow, err = room.heardFlow(r, c); err != nil {
		return shell.Answer{}, err
	}
	if heard, err := room.sample(r, sampled(c)); err != nil {
		return shell.Answer{}, err
	} else if heard.Whose != "" {
		data.Heard = &heard
	}
	return pages.Show("review", "Make a campaign", data), nil
}

// create creates the reviewed campaign.
func (room *Room) create(r *http.Request) (shell.Answer, error) {
	name := r.PostForm.Get("draft")
	d, err := room.keptDraft(r, name)
	if err != nil {
		return shell.Answer{}, err
	}
	c, err := room.Campaigns.Create(r.Context(), shell.AccountOf(r), d, nil)
	if refuses(err) {
		return shell.GoTo("/campaigns/new?draft=" + name).Warning(words.Sentence(fault.As(err))), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/campaigns/" + c.SID.String()).Saying("Made the campaign " + c.Name + "."), nil
}
