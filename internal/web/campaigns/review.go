package campaigns

import (
	"net/http"
	"net/url"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// reviewData is what the template review.html shows: what a campaign would do, before
// it is made.
type reviewData struct {
	*campaign.Campaign
	campaign.Preview
	Simulated bool
	Draft     string // the name of the form's values
	Now       bool   // it begins at once
	ToCall    int
	Rate      int    // calls a minute
	Takes     string // how long the first calls take at least
	TooLong   bool   // the end comes before that
	Lists     []listChoice
	Again     string // who is called again
}

// review checks what was filled in, keeps it, and leads to the page that shows what
// would happen.
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

// refuses tells whether an error is about what was filled in.
func refuses(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Missing) || fault.Is(err, fault.NotFound)
}

// refused puts a fault beside the field that it is about.
func (f *form) refused(err *fault.Error) *form {
	text := words.Sentence(err)
	switch err.Field {
	case campaign.FieldCallerID:
		f.CallerID.Error = text
	case campaign.FieldFrom:
		f.Numbers.Error = text
	case campaign.FieldLists, campaign.FieldCampaignType:
		f.ListError = text
	case campaign.FieldURL:
		f.URL.Error = text
		if f.Hears != "flow" {
			f.Text.Error = "Write what is said."
		}
	case campaign.FieldText:
		f.Text.Error = text
	case campaign.FieldName:
		f.Name.Error = text
	case campaign.FieldRetries:
		f.Interval.Error = text
	case campaign.FieldThrottle:
		f.Throttle.Error = text
	case campaign.FieldSchedule, "send_at":
		f.SendAt.Error = text
	case "end_at":
		f.EndAt.Error = text
	case campaign.FieldCallStatus:
		f.Callbacks[0].Error = text
	case campaign.FieldCallSchedule:
		f.Callbacks[1].Error = text
	case campaign.FieldStatus:
		f.Callbacks[2].Error = text
	default:
		f.Error = text
	}
	return f
}

// keptDraft returns the values of a form that was reviewed, and what they ask for.
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

// errNotKept is the fault of a review whose form is not kept any more.
var errNotKept = fault.New(fault.NotFound, "What you filled in is not kept any more: it is kept for a day. Fill in the form again.")

func (room *Room) reviewPage(r *http.Request) (shell.Answer, error) {
	acct := shell.AccountOf(r)
	data := reviewData{Draft: r.URL.Query().Get("page"), Simulated: room.Simulated}
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
	data.ToCall = data.Preview.Targets - data.Suppressed
	data.Again = retriesOf(c.Settings.Retries)
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
	return pages.Show("review", "Make a campaign", data), nil
}

// create makes the campaign that was reviewed.
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
