package api

import (
	"cmp"
	"context"
	"io"
	"net/http"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/report"
	"callbook/internal/suppression"
)

// This file has callbook's own routes for the numbers that an account must not call.

func (a *API) handleSuppressions(base string) {
	a.handle("GET "+base+"/suppressions", a.getSuppressions)
	a.serve("GET "+base+"/suppressions/export", a.exportSuppressions)
	a.write("POST "+base+"/suppressions", bodied(a, newSuppressions.decode, a.addSuppressions))
	a.write("DELETE "+base+"/suppressions", bodied(a, suppressionRefs.decode, a.removeSuppressions))
}

func suppressionsPath(acct account.Account) string {
	return "/v2/accounts/" + acct.SID + "/suppressions"
}

var (
	newSuppressions = bulkRequest[suppression.Draft]{key: suppression.FieldSuppressions, outline: suppressionsOutline, read: readSuppression}
	suppressionRefs = bulkRequest[suppression.Draft]{key: suppression.FieldSuppressions, outline: suppressionsOutline, read: readSuppressionRef}
)

type suppressionsRequest struct {
	Suppressions []item `json:"suppressions"`
}

func suppressionsOutline() any { return new(suppressionsRequest) }

var (
	suppressionFields   = [...]field{{name: suppression.FieldNumber}, {name: suppression.FieldSource}, {name: suppression.FieldNote}}
	errNoSuppressionObj = fault.New(fault.Invalid, "Invalid Suppression: it must be a JSON object")
)

// readSuppression reads a number to add.
func readSuppression(d *decoder, draft *suppression.Draft) error {
	var v [len(suppressionFields)]value
	invalid, err := d.item(errNoSuppressionObj, suppressionFields[:], v[:])
	*draft = suppression.Draft{
		Number: v[0].Value, Source: cmp.Or(v[1].Value, suppression.FromAPI), Note: v[2].Value,
		Fault: cmp.Or(invalid, firstFault(v[:])),
	}
	return err
}

// readSuppressionRef reads a number to remove.
func readSuppressionRef(d *decoder, draft *suppression.Draft) error {
	var v [1]value
	invalid, err := d.item(errNoSuppressionObj, suppressionFields[:1], v[:])
	*draft = suppression.Draft{Number: v[0].Value, Fault: cmp.Or(invalid, v[0].fault)}
	return err
}

// exportSuppressions sends all suppressions of an account as a CSV file.
func (a *API) exportSuppressions(w http.ResponseWriter, r *http.Request) {
	acct := accountOf(r)
	words, err := parseWords(r)
	for word := range words {
		err = fault.New(fault.Invalid, "Invalid "+shorten(word)+": this export does not take it")
	}
	if err == nil {
		f := file{mediaType: report.CSVType, name: "suppressions-" + acct.SID, extension: ".csv", bytes: report.Bytes}
		err = a.sendFile(w, r, f, func() (writeFile, error) {
			return func(ctx context.Context, to io.Writer) error {
				return report.WriteSuppressions(ctx, a.suppressions, acct, to)
			}, nil
		})
	}
	if err != nil {
		Fail(w, r, err)
	}
}

func suppressionKind(r *http.Request) kind[suppression.Result, suppression.Suppression] {
	return kind[suppression.Result, suppression.Suppression]{
		outcome: func(r *suppression.Result) (*suppression.Suppression, error) { return r.Suppression, r.Fault },
		append:  newEncoder(accountOf(r)).suppression,
	}
}

func (e *encoder) suppression(b []byte, s *suppression.Suppression) []byte {
	b = s.Number.AppendTo(append(b, `{"number":"`...))
	b = appendString(append(b, `","source":`...), s.Source)
	b = appendStringOrNull(append(b, `,"note":`...), s.Note)
	b = e.dates.append(append(b, `,"date_created":"`...), s.Created)
	return append(b, `"}`...)
}

func (a *API) addSuppressions(r *http.Request, drafts []suppression.Draft) (reply, error) {
	answer := pending{r: r}
	_, err := a.suppressions.Add(r.Context(), accountOf(r), drafts, suppressionKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) removeSuppressions(r *http.Request, drafts []suppression.Draft) (reply, error) {
	answer := pending{r: r}
	_, err := a.suppressions.Remove(r.Context(), accountOf(r), drafts, suppressionKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) getSuppressions(r *http.Request) (reply, error) {
	w, err := parsePages(r, suppressionsPath(accountOf(r)), maxLimit)
	if err != nil {
		return reply{}, err
	}
	w.paths.byOffset = true
	number, err := w.text("number")
	if err != nil {
		return reply{}, err
	}
	if err := budget.Of(r.Context()).Reserve(r.Context(), int64(w.Limit)*usualWeight); err != nil {
		return reply{}, err
	}
	page, err := a.suppressions.List(r.Context(), accountOf(r), plusNumber(number), suppression.Query{Offset: w.Offset, Limit: w.Limit})
	if err != nil {
		return reply{}, err
	}
	e := newEncoder(accountOf(r))
	return pageReply(r, w, len(page.Suppressions), page.Total, func(b []byte, i int) []byte {
		return e.suppression(b, &page.Suppressions[i])
	}), nil
}
