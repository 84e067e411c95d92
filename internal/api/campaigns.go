package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/link"
	"callbook/internal/report"
)

func (a *API) handleCampaigns(base string) {
	a.write("POST "+base+"/campaigns", bodied(a, decodeCampaign, a.createCampaign))
	a.handle("GET "+base+"/campaigns", a.getCampaigns)
	one := base + "/campaigns/{sid}"
	a.handle("GET "+one, a.getCampaign)
	a.write("PUT "+one, bodied(a, decodeCampaignChange, a.updateCampaign))
	a.write("POST "+one, bodied(a, decodeCampaignChange, a.updateCampaign))
	a.remove(one, a.deleteCampaign)
	a.write("POST "+one+"/copy", bodied(a, decodeCopy, a.copyCampaign))
	a.handle("GET "+one+"/targets", a.getTargets)
	a.serve("GET "+one+"/report", a.getReport)
	a.handleCallbacks(one)
	a.handleRecordings(one)
	a.handle("GET "+one+"/call-details", a.getCalls)
	a.handle("GET "+base+"/campaign/{sid}/call-details", a.getCalls) // as Exotel's documentation prints it
}

func (a *API) createCampaign(r *http.Request, d *campaign.Draft) (reply, error) {
	d.By = askerOf(r)
	words, err := parseWords(r)
	if err != nil {
		return reply{}, err
	}
	dry, err := boolWord(words, "dry_run")
	if err != nil {
		return reply{}, err
	}
	if dry {
		return a.previewCampaign(r, d)
	}
	return a.writeCampaign(r, d, nil, func(ctx context.Context, ready journal.Ready[*campaign.Campaign]) error {
		_, err := a.campaigns.Create(ctx, accountOf(r), d, ready)
		return err
	})
}

// previewCampaign returns the answer for a new campaign, and what the campaign would
// call. It stores nothing.
func (a *API) previewCampaign(r *http.Request, d *campaign.Draft) (reply, error) {
	c, preview, err := a.campaigns.Preview(r.Context(), accountOf(r), d)
	if err != nil {
		return reply{}, err
	}
	e, err := a.campaignEncoder(r, []campaign.Campaign{*c}, nil)
	if err != nil {
		return reply{}, err
	}
	answer := pending{r: r}
	receipt := answer.keep(e.only(r, c, &preview))
	if attempt := attemptOf(r); attempt != nil && receipt != nil {
		if err := attempt.Keep(r.Context(), answer.answer.status, answer.answer.body); err != nil {
			return answer.end(err)
		}
	}
	return answer.end(nil)
}

func (a *API) copyCampaign(r *http.Request, over *campaign.Draft) (reply, error) {
	over.By = askerOf(r)
	sid := sidIn(r, "sid")
	return a.writeCampaign(r, over, &sid, func(ctx context.Context, ready journal.Ready[*campaign.Campaign]) error {
		_, err := a.campaigns.Copy(ctx, accountOf(r), sid, over, ready)
		return err
	})
}

func (a *API) updateCampaign(r *http.Request, d *campaign.Draft) (reply, error) {
	d.By = askerOf(r)
	sid := sidIn(r, "sid")
	answer, err := a.writeCampaign(r, d, &sid, func(ctx context.Context, ready journal.Ready[*campaign.Campaign]) error {
		_, err := a.campaigns.Update(ctx, accountOf(r), sid, d, ready)
		return err
	})
	if fault.Is(err, fault.Changed) {
		err = &fault.Error{Kind: fault.InProgress, Detail: "The campaign was changed meanwhile", RetryAfter: time.Second}
	}
	return answer, err
}

func (a *API) deleteCampaign(r *http.Request) (reply, error) {
	sid := sidIn(r, "sid")
	return a.writeCampaign(r, nil, &sid, func(ctx context.Context, ready journal.Ready[*campaign.Campaign]) error {
		_, err := a.campaigns.Delete(ctx, accountOf(r), sid, ready)
		return err
	})
}

// writeCampaign answers a write with the created or changed campaign. The campaign has
// the lists of the draft d, or those of the stored campaign sid.
func (a *API) writeCampaign(r *http.Request, d *campaign.Draft, sid *addressbook.SID, write func(context.Context, journal.Ready[*campaign.Campaign]) error) (reply, error) {
	var known []campaign.Campaign
	if sid != nil {
		c, err := a.campaigns.Get(r.Context(), accountOf(r), *sid)
		if err != nil {
			return reply{}, err
		}
		known = []campaign.Campaign{*c}
	}
	// Read what the answer needs now: it is encoded within the transaction.
	e, err := a.campaignEncoder(r, known, d)
	if err != nil {
		return reply{}, err
	}
	answer := pending{r: r}
	return answer.end(write(r.Context(), func(c *campaign.Campaign) *journal.Receipt { return answer.keep(e.only(r, c, nil)) }))
}

func (a *API) getCampaign(r *http.Request) (reply, error) {
	c, err := a.campaigns.Get(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return reply{}, err
	}
	e, err := a.campaignEncoder(r, []campaign.Campaign{*c}, nil)
	if err != nil {
		return reply{}, err
	}
	return e.only(r, c, nil), nil
}

func (a *API) getCampaigns(r *http.Request) (reply, error) {
	query, w, err := parseCampaignQuery(r)
	if err != nil {
		return reply{}, err
	}
	ctx, share := r.Context(), budget.Of(r.Context())
	if err := share.Reserve(ctx, int64(query.Limit)*usualWeight); err != nil {
		return reply{}, err
	}
	page, err := a.campaigns.List(ctx, accountOf(r), query)
	if err != nil {
		return reply{}, err
	}
	const numberBytes = 20 // bytes of an answer
	numbers := 0
	for i := range page.Campaigns {
		numbers += len(page.Campaigns[i].From)
	}
	if err := share.Claim(int64(numbers * numberBytes)); err != nil {
		return reply{}, err
	}
	e, err := a.campaignEncoder(r, page.Campaigns, nil)
	if err != nil {
		return reply{}, err
	}
	return pageReply(r, w, len(page.Campaigns), page.Total, func(b []byte, i int) []byte {
		return e.campaign(b, &page.Campaigns[i])
	}), nil
}

func (a *API) getCalls(r *http.Request) (reply, error) {
	c, err := a.campaigns.Get(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return reply{}, err
	}
	// Links to other pages keep the path of the request.
	_, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/accounts/"), "/")
	word, _, _ := strings.Cut(rest, "/")
	query, w, err := parseCallQuery(r, "/v2/accounts/"+accountOf(r).SID+"/"+word+"/"+c.SID.String()+"/call-details")
	if err != nil {
		return reply{}, err
	}
	if err := budget.Of(r.Context()).Reserve(r.Context(), int64(query.Limit)*usualWeight); err != nil {
		return reply{}, err
	}
	page, err := a.campaigns.Calls(r.Context(), accountOf(r), c.SID, query)
	if err != nil {
		return reply{}, err
	}
	e, err := a.campaignEncoder(r, nil, nil)
	if err != nil {
		return reply{}, err
	}
	return pageReply(r, w, len(page.Calls), page.Total, func(b []byte, i int) []byte {
		return e.call(b, c, &page.Targets[i], &page.Calls[i])
	}), nil
}

func (a *API) getTargets(r *http.Request) (reply, error) {
	c, err := a.campaigns.Get(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return reply{}, err
	}
	query, w, some, err := parseTargetQuery(r, campaignsPath(accountOf(r))+"/"+c.SID.String()+"/targets", c)
	if err != nil {
		return reply{}, err
	}
	if err := budget.Of(r.Context()).Reserve(r.Context(), int64(query.Limit)*usualWeight); err != nil {
		return reply{}, err
	}
	var page campaign.TargetPage
	if some && c.Expanded {
		query.Limit++ // shows whether there are more
		if page, err = a.campaigns.Targets(r.Context(), accountOf(r), c.SID, query); err != nil {
			return reply{}, err
		}
	}
	if len(page.Targets) > w.Limit {
		page.Targets = page.Targets[:w.Limit]
		w.paths.nextCursor = strconv.FormatInt(int64(page.Targets[w.Limit-1].Position), cursorBase)
	}
	e := campaignEncoder{acct: accountOf(r)}
	return pageReply(r, w, len(page.Targets), page.Total, func(b []byte, i int) []byte {
		return e.target(b, c, &page.Targets[i])
	}), nil
}

// campaignEncoder returns the encoder of these campaigns, or of one with the lists of a
// draft.
func (a *API) campaignEncoder(r *http.Request, campaigns []campaign.Campaign, d *campaign.Draft) (*campaignEncoder, error) {
	acct := accountOf(r)
	signer, err := a.links.Of(r.Context(), acct)
	if err != nil {
		return nil, err
	}
	e := &campaignEncoder{acct: acct, signer: signer, server: a.serverURL(r), contacts: make(map[addressbook.SID]int)}
	for i := range campaigns {
		if c := &campaigns[i]; !c.Expanded {
			for _, sid := range c.Lists {
				e.contacts[sid] = 0
			}
		}
	}
	if d != nil && d.Lists.Value != nil && len(*d.Lists.Value) <= campaign.MaxStaticLists {
		for _, text := range *d.Lists.Value {
			if sid, ok := addressbook.ParseSID(text); ok {
				e.contacts[sid] = 0
			}
		}
	}
	for sid := range e.contacts {
		list, err := a.book.List(r.Context(), acct, sid)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		e.contacts[sid] = list.ContactCount // 0 for a deleted list
	}
	return e, nil
}

// reportURL returns the link to a campaign's report.
func (e *campaignEncoder) reportURL(c *campaign.Campaign) string {
	return e.server + e.signer.Path(link.Report(c.SID))
}

// only returns the answer about one campaign, which is an array too. If preview is not
// nil, it is in the answer.
func (e *campaignEncoder) only(r *http.Request, c *campaign.Campaign, preview *campaign.Preview) reply {
	const numberBytes = 20
	answer := newReplyOf(r, http.StatusOK, 4*usualItem+numberBytes*len(c.From))
	b := append(answer.body, `,"response":[`+successItem...)
	b = e.campaign(b, c)
	if preview != nil {
		b = appendKeyInt(b, `,"dry_run":{"called":`, preview.Called())
		b = appendKeyInt(b, `,"left_out":{"duplicate":`, preview.Duplicates)
		b = appendKeyInt(b, `,"suppressed":`, preview.Suppressed)
		for _, why := range []campaign.Reason{campaign.NeverCalled, campaign.OtherCountry, campaign.OutsideHours} {
			b = appendKeyInt(b, `,"`+why.String()+`":`, preview.Refused[why])
		}
		b = append(b, `}}`...)
	}
	answer.body = append(b, `}]}`...)
	return answer
}

var _ report.Source = (*campaign.Campaigns)(nil)
