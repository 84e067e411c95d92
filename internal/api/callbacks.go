package api

import (
	"net/http"
	"strconv"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/event"
	"callbook/internal/fault"
)

// This file has callbook's own routes for the callbacks of campaigns.

func (a *API) handleCallbacks(campaign string) {
	a.handle("GET "+campaign+"/callbacks", a.getCallbacks)
	a.write("POST "+campaign+"/callbacks/send", bodiless(a.sendCallbacks))
	a.write("POST "+campaign+"/callbacks/{event_id}/send", bodiless(a.sendCallback))
}

func (a *API) getCallbacks(r *http.Request) (reply, error) {
	c, err := a.campaigns.Get(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return reply{}, err
	}
	q, w, err := parseCallbackQuery(r, campaignsPath(accountOf(r))+"/"+c.SID.String()+"/callbacks")
	if err != nil {
		return reply{}, err
	}
	if err := budget.Of(r.Context()).Reserve(r.Context(), int64(q.Limit)*usualWeight); err != nil {
		return reply{}, err
	}
	page, err := a.callbacks.Page(r.Context(), accountOf(r).ID, c.SID, q)
	if err != nil {
		return reply{}, err
	}
	e := campaignEncoder{acct: accountOf(r)}
	return pageReply(r, w, len(page.Deliveries), page.Total, func(b []byte, i int) []byte {
		return e.callback(b, &page.Deliveries[i])
	}), nil
}

// parseCallbackQuery reads what somebody wants of a campaign's callbacks.
func parseCallbackQuery(r *http.Request, path string) (event.Query, window, error) {
	w, err := parsePages(r, path, maxCampaignsLimit)
	if err != nil {
		return event.Query{}, w, err
	}
	if _, err := w.parseOrder("date_created"); err != nil {
		return event.Query{}, w, err
	}
	w.paths.byOffset = true
	q := event.Query{Desc: w.Desc, Offset: w.Offset, Limit: w.Limit}
	asked := make(map[event.State]bool)
	err = w.statusWords(func(word string) bool {
		for _, s := range event.States() {
			if foldWord(s.String()) == word {
				asked[s] = true
				return true
			}
		}
		return false
	})
	for _, s := range event.States() {
		if asked[s] {
			q.States = append(q.States, s)
		}
	}
	if text := w.words.Get("position"); w.words.Has("position") && err == nil {
		position, bad := strconv.ParseInt(text, 10, 32)
		if bad != nil || position < event.Whole || q.States != nil {
			return q, w, fault.New(fault.Invalid, "Invalid position: it must be that of a target, and goes without a status")
		}
		at := int(position)
		q.Position = &at
	}
	return q, w, err
}

// sendCallback queues an event to be sent again.
func (a *API) sendCallback(r *http.Request) (reply, error) {
	c, err := a.campaigns.Get(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return reply{}, err
	}
	d, err := a.callbacks.SendAgain(r.Context(), accountOf(r).ID, c.SID, sidIn(r, "event_id"))
	if err != nil {
		return reply{}, err
	}
	e := campaignEncoder{acct: accountOf(r)}
	return afterwards(r, usualItem+len(d.Body), func(b []byte) []byte { return e.callback(b, &d) })
}

// sendCallbacks queues all events of a campaign that were given up to be sent again.
func (a *API) sendCallbacks(r *http.Request) (reply, error) {
	c, err := a.campaigns.Get(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return reply{}, err
	}
	n, err := a.callbacks.SendAllAgain(r.Context(), accountOf(r).ID, c.SID)
	if err != nil {
		return reply{}, err
	}
	return afterwards(r, usualItem, func(b []byte) []byte {
		return append(appendKeyInt(b, `{"queued":`, n), '}')
	})
}

// afterwards returns the answer to a request about campaigns that is done already, with
// this data, and keeps it under the request's key, if it has one. Data appends about size
// bytes.
func afterwards(r *http.Request, size int, data func([]byte) []byte) (reply, error) {
	of := newReplyOf(r, http.StatusOK, size)
	of.body = append(data(append(of.body, `,"response":[`+successItem...)), `}]}`...)
	answer := pending{r: r}
	receipt := answer.keep(of)
	if attempt := attemptOf(r); attempt != nil && receipt != nil {
		if err := attempt.Keep(r.Context(), answer.answer.status, answer.answer.body); err != nil {
			return answer.end(err)
		}
	}
	return answer.end(nil)
}

// callback appends an event and its delivery.
func (e *campaignEncoder) callback(b []byte, d *event.Delivery) []byte {
	b = d.Name().AppendTo(append(b, `{"event_id":"`...))
	b = appendString(append(b, `","kind":`...), d.Kind.String())
	b = append(b, `,"position":`...)
	if d.Position == event.Whole {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(d.Position), 10)
	}
	b = append(b, `,"call_sid":`...)
	if d.Call == (addressbook.SID{}) {
		b = append(b, "null"...)
	} else {
		b = append(d.Call.AppendTo(append(b, '"')), '"')
	}
	b = appendString(append(b, `,"url":`...), d.URL)
	b = appendString(append(b, `,"status":`...), d.State.String())
	reason := d.Answer.Trouble.String()
	if d.State == event.Waiting && d.Due == event.Behind {
		reason = "behind-another"
	}
	b = appendStringOrNull(append(b, `,"reason":`...), reason)
	b = appendKnownInt(append(b, `,"http_status":`...), d.Answer.Status)
	b = appendKeyInt(b, `,"tries":`, d.Tries)
	due, _ := d.Due.Time()
	b = e.date(append(b, `,"date_due":`...), due)
	b = e.date(append(b, `,"date_created":`...), d.Created)
	b = e.date(append(b, `,"date_tried":`...), d.Tried)
	b = e.date(append(b, `,"date_ended":`...), d.Ended)
	return append(append(append(b, `,"body":`...), d.Body...), '}')
}
