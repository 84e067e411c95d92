package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/callflow/library"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// This file has the routes of an account's flows. Exotel has flows only in its dashboard,
// not in its API.

func (a *API) handleFlows(base string) {
	a.write("POST "+base+"/flows", bodied(a, decodeFlow, a.createFlow))
	a.handle("GET "+base+"/flows", a.getFlows)
	one := base + "/flows/{name}"
	a.handle("GET "+one, a.getFlow)
	a.write("PUT "+one, bodied(a, decodeFlow, a.replaceFlow))
	a.remove(one, a.deleteFlow)
}

// maxFlowsLimit bounds a page of flows, which are larger than other things.
const maxFlowsLimit = 100

func flowsPath(acct account.Account) string { return "/v2/accounts/" + acct.SID + "/flows" }

func (a *API) createFlow(r *http.Request, f library.Flow) (reply, error) {
	answer := pending{r: r}
	_, err := a.flows.Create(r.Context(), accountOf(r), f, flowReady(&answer))
	return answer.end(err)
}

func (a *API) replaceFlow(r *http.Request, f library.Flow) (reply, error) {
	name := r.PathValue("name")
	if f.Name != "" && f.Name != name {
		return reply{}, fault.InvalidField(library.FieldName, "it is another one than that of the path; a flow keeps its name")
	}
	f.Name = name
	answer := pending{r: r}
	_, err := a.flows.Replace(r.Context(), accountOf(r), f, time.Time{}, flowReady(&answer))
	return answer.end(err)
}

func (a *API) deleteFlow(r *http.Request) (reply, error) {
	answer := pending{r: r}
	_, err := a.flows.Delete(r.Context(), accountOf(r), r.PathValue("name"), flowReady(&answer))
	return answer.end(err)
}

func (a *API) getFlow(r *http.Request) (reply, error) {
	f, err := a.flows.Get(r.Context(), accountOf(r), r.PathValue("name"))
	if err != nil {
		return reply{}, err
	}
	return flowReply(r, f), nil
}

func (a *API) getFlows(r *http.Request) (reply, error) {
	w, err := parseUnsorted(r, flowsPath(accountOf(r)), maxFlowsLimit)
	if err != nil {
		return reply{}, err
	}
	w.paths.byOffset = true
	if err := budget.Of(r.Context()).Reserve(r.Context(), int64(w.Limit)*usualWeight); err != nil {
		return reply{}, err
	}
	page, err := a.flows.List(r.Context(), accountOf(r), library.Query{Offset: w.Offset, Limit: w.Limit})
	if err != nil {
		return reply{}, err
	}
	e := newEncoder(accountOf(r))
	return pageReply(r, w, len(page.Flows), page.Total, func(b []byte, i int) []byte { return e.flow(b, &page.Flows[i]) }), nil
}

// flowReady returns a Ready function that encodes the answer to a write of a flow.
func flowReady(p *pending) journal.Ready[*library.Flow] {
	return func(f *library.Flow) *journal.Receipt { return p.keep(flowReply(p.r, f)) }
}

func flowReply(r *http.Request, f *library.Flow) reply {
	answer := newReply(r, http.StatusOK)
	b := append(answer.body, `,"response":`+successItem...)
	answer.body = append(newEncoder(accountOf(r)).flow(b, f), `}}`...)
	return answer
}

// flow appends a flow.
func (e *encoder) flow(b []byte, f *library.Flow) []byte {
	b = appendString(append(b, `{"name":`...), f.Name)
	b = append(append(b, `,"account_sid":`...), e.accountSID...)
	b = appendStringOrNull(append(b, `,"title":`...), f.Title)
	b = appendString(append(b, `,"start":`...), f.Start)
	b = appendValue(append(b, `,"steps":`...), f.Steps)
	b = appendValue(append(b, `,"variables":`...), append([]string{}, f.Vars...))
	b = e.appendDates(append(b, ','), f.Created, f.Updated)
	b = append(append(b, `,"uri":"`...), e.flows...)
	return append(append(b, f.Name...), `"}`...)
}

// appendValue appends a value that encoding/json can encode.
func appendValue(b []byte, v any) []byte {
	to := bytes.NewBuffer(b)
	enc := json.NewEncoder(to)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("api: a value is not JSON") // v has only texts and numbers
	}
	return bytes.TrimSuffix(to.Bytes(), []byte("\n"))
}
