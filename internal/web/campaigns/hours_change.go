package campaigns

import (
	"cmp"
	"net/http"
	"net/url"

	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// hoursForm is the data of the template hours-form.html: the calling hours of a campaign
// that exists.
type hoursForm struct {
	*campaign.Campaign
	Hours ownHours
}

// Action returns the URL of the form, which is also its page.
func (f hoursForm) Action() string { return "/campaigns/" + f.SID.String() + "/hours" }

// hoursPage shows the form with the campaign's hours, or with what was typed into it.
func (room *Room) hoursPage(r *http.Request, c *campaign.Campaign) (shell.Answer, error) {
	values, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	policy, err := room.Campaigns.Policy(r.Context(), shell.AccountOf(r))
	if err != nil {
		return shell.Answer{}, err
	}
	if values == nil {
		values = make(url.Values)
		setHours(values, policy, &c.Settings)
	}
	return hoursForm{c, ownHoursOf(&policy, values)}.page(), nil
}

func (f hoursForm) page() shell.Answer {
	return pages.Show("hours-form", "Calling hours of "+f.Name, f)
}

// setHours sets the values of the form to a campaign's own calling hours. Policy is the
// account's.
func setHours(v url.Values, policy campaign.Policy, s *campaign.Settings) {
	if s.CallingHours == nil {
		return
	}
	p := policy.Of(s)
	var shown rulesForm
	shown.setHours(&p)
	v.Set("hours", "own")
	v.Set("hours_from", shown.From.Value)
	v.Set("hours_until", shown.Until.Value)
	for _, d := range shown.Days {
		if d.Checked {
			v.Add("hours_day", d.Value)
		}
	}
	if p.Hours.Always() && campaign.EveryDay(p.Days) {
		v.Set("hours", "always")
	}
	v.Set("hours_reason", s.CallingHours.Reason)
}

// saveHours changes the calling hours of a campaign that has not ended.
func (room *Room) saveHours(r *http.Request) (shell.Answer, error) {
	acct, sid := shell.AccountOf(r), shell.PathSID(r, "sid")
	page := "/campaigns/" + sid.String()
	draft := hoursDraft(r.PostForm)
	draft.Given = true // null if none are chosen, for the account's
	_, err := room.Campaigns.Update(r.Context(), acct, sid, &campaign.Draft{CallingHours: draft, By: shell.Asker(r)}, nil)
	wrong := fault.As(err)
	if wrong == nil || wrong.Field != campaign.FieldCallingHours && wrong.Field != campaign.FieldReason {
		if fault.Is(err, fault.Invalid) {
			return shell.GoTo(page).Noting("That was not done, since the campaign has changed meanwhile."), nil
		}
		if err != nil {
			return shell.Answer{}, err
		}
		return shell.GoTo(page).Saying("Saved. The next calls go by these hours."), nil
	}
	c, err := room.Campaigns.Get(r.Context(), acct, sid)
	if err != nil {
		return shell.Answer{}, err
	}
	policy, err := room.Campaigns.Policy(r.Context(), acct)
	if err != nil {
		return shell.Answer{}, err
	}
	f := hoursForm{c, ownHoursOf(&policy, r.PostForm)}
	text := cmp.Or(refusals[wrong.Field], words.Sentence(wrong))
	if wrong.Field == campaign.FieldReason {
		f.Hours.Reason.Error = text
	} else {
		f.Hours.Error = text
	}
	return f.page().Invalid(), nil
}
