package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/person"
)

// This file has callbook's own requests about everything that is stored about a number.

// personWord is the query parameter with the number.
const personWord = "number"

// isPerson reports whether an export is that of a person: number is all that the query
// has, besides format=json.
func isPerson(r *http.Request) bool {
	words := r.URL.Query()
	if words.Get("format") == "json" {
		return true
	}
	return len(words) == 1 && words.Has(personWord)
}

// exportPerson answers with everything that is stored about a number.
func (a *API) exportPerson(w http.ResponseWriter, r *http.Request) {
	answer, err := a.personDocument(r)
	if err != nil {
		Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Disposition", attachment("person", ".json"))
	answer.send(w, r)
}

func (a *API) personDocument(r *http.Request) (reply, error) {
	number, err := personNumber(r, "format")
	if err != nil {
		return reply{}, err
	}
	found, err := a.persons.Find(r.Context(), accountOf(r), number)
	if err != nil {
		return reply{}, err
	}
	data, err := PersonJSON(accountOf(r), found)
	if err != nil {
		return reply{}, err
	}
	return personReply(r, data), nil
}

// personNumber returns the number in the query, which may have no other parameters than
// number and more. The caller needs the scope of everything, since calls and campaigns
// are part of what is stored about a person.
func personNumber(r *http.Request, more string) (string, error) {
	if !callerOf(r).Access.Allows(account.Admin) {
		return "", account.LacksScope(account.Admin)
	}
	words, err := parseWords(r)
	if err != nil {
		return "", err
	}
	if err := checkTwice(words, personWord); err != nil {
		return "", err
	}
	for word := range words {
		if word != personWord && word != more {
			return "", fault.New(fault.Invalid, "Invalid "+shorten(word)+": a request about a person does not take it")
		}
	}
	return plusNumber(words.Get(personWord)), nil
}

func personReply(r *http.Request, data []byte) reply {
	answer := newReplyOf(r, http.StatusOK, len(data))
	answer.body = append(append(append(answer.body, `,"response":`...), successItem...), data...)
	answer.body = append(answer.body, `}}`...)
	return answer
}

// orErase returns a handler that erases a person if the query has a number, and calls h
// otherwise.
func (a *API) orErase(h handler) handler {
	erase := bodiless(a.erasePerson)
	return func(r *http.Request) (reply, error) {
		switch {
		case !r.URL.Query().Has(personWord):
			return h(r)
		case !callerOf(r).Access.Allows(account.Admin):
			// It must not get a kept answer either, which tells of the person.
			a.drain(r)
			return reply{}, account.LacksScope(account.Admin)
		case r.ContentLength != 0: // -1 is a body of unknown length
			// It may mean to delete contacts, as it would without a number.
			a.drain(r)
			return reply{}, errBothDeletions
		}
		return erase(r)
	}
}

var errBothDeletions = fault.New(fault.Invalid, "Invalid number: a request that erases a person has no body; to delete contacts, leave the number out")

// erasePerson erases everything that is stored about a number.
func (a *API) erasePerson(r *http.Request) (reply, error) {
	number, err := personNumber(r, "")
	if err != nil {
		return reply{}, err
	}
	receipt, err := a.persons.Erase(r.Context(), accountOf(r), number)
	if err != nil {
		return reply{}, err
	}
	data, err := ErasureJSON(accountOf(r), receipt)
	if err != nil {
		return reply{}, err
	}
	answer := personReply(r, data)
	if attempt := attemptOf(r); attempt != nil {
		// The erasure is done even if this fails, and done again it changes nothing.
		if err := attempt.Keep(r.Context(), answer.status, answer.body); err != nil {
			return reply{}, err
		}
	}
	return answer, nil
}

// erasure is the receipt of an erasure.
type erasure struct {
	SID         addressbook.SID   `json:"sid"`
	Date        string            `json:"date_erased"`
	Erased      map[string]int    `json:"erased"`
	NeverCalled bool              `json:"never_called"`
	InFlight    []addressbook.SID `json:"calls_in_flight"`
}

// ErasureJSON returns the receipt of an erasure as it stands in answers.
func ErasureJSON(acct account.Account, r *person.Receipt) ([]byte, error) {
	data := erasure{r.SID, newEncoder(acct).date(r.Date), make(map[string]int), r.NeverCalled, r.InFlight}
	for _, c := range r.Erased {
		data.Erased[c.Place] = c.N
	}
	if data.InFlight == nil {
		data.InFlight = []addressbook.SID{}
	}
	return json.Marshal(data)
}

// date returns a date as it stands in answers; "" for none.
func (e *encoder) date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return string(e.dates.append(nil, t))
}

// personExport is everything that is stored about a person.
type personExport struct {
	Number       string            `json:"number"`
	Contacts     []personContact   `json:"contacts"`
	Suppressions []json.RawMessage `json:"suppressions"`
	Campaigns    []personCampaign  `json:"campaigns"`
	Targets      []personTarget    `json:"targets"`
	Calls        []personCall      `json:"calls"`
	Callbacks    []personCallback  `json:"callbacks"`
	TrunkRecords int               `json:"trunk_records"`
	Answers      []personAnswer    `json:"kept_answers"`
	ErrorRows    []personErrorRow  `json:"error_rows"`
	Files        []personFile      `json:"waiting_files"`
}

type personContact struct {
	Contact json.RawMessage `json:"contact"`
	Deleted *string         `json:"date_deleted"`
	Lists   []personList    `json:"lists"`
}

type personList struct {
	SID   addressbook.SID `json:"list_sid"`
	Name  string          `json:"name"`
	Added string          `json:"date_added"`
}

type personCampaign struct {
	SID  addressbook.SID `json:"campaign_sid"`
	Name string          `json:"name"`
}

type personTarget struct {
	Campaign  addressbook.SID   `json:"campaign_sid"`
	Name      string            `json:"campaign_name"`
	Contact   *addressbook.SID  `json:"contact_sid"`
	Called    string            `json:"contact_name"`
	Variables map[string]string `json:"variables"`
	Calls     int               `json:"calls"`
	Reason    *string           `json:"reason"`
	Ended     *string           `json:"date_ended"`
}

type personCall struct {
	SID      addressbook.SID `json:"call_sid"`
	Campaign addressbook.SID `json:"campaign_sid"`
	Status   string          `json:"status"`
	Attempt  int             `json:"attempt"`
	Placed   *string         `json:"date_placed"`
	Rang     *string         `json:"date_rang"`
	Answered *string         `json:"date_answered"`
	Ended    *string         `json:"date_ended"`
	Digits   string          `json:"digits"`
	Mark     string          `json:"mark"`
	Code     int             `json:"sip_code"`
	Cause    int             `json:"cause"`
	Text     string          `json:"cause_text"`
}

type personCallback struct {
	Campaign addressbook.SID `json:"campaign_sid"`
	Kind     string          `json:"kind"`
	URL      string          `json:"url"`
	Created  string          `json:"date_created"`
	Body     json.RawMessage `json:"body"`
}

type personAnswer struct {
	Created string            `json:"date_created"`
	Parts   []json.RawMessage `json:"parts"`
}

type personErrorRow struct {
	Upload   addressbook.SID `json:"upload_id"`
	FileName string          `json:"file_name"`
	Line     int64           `json:"line"`
	Reason   string          `json:"reason"`
	Row      string          `json:"row"`
}

type personFile struct {
	SID      addressbook.SID `json:"upload_id"`
	FileName string          `json:"file_name"`
	Running  bool            `json:"running"`
	Rows     [][]string      `json:"rows"`
}

// PersonJSON returns what is stored about a person as it stands in answers.
func PersonJSON(acct account.Account, f *person.Found) ([]byte, error) {
	e := newEncoder(acct)
	orNull := func(t time.Time) *string {
		if t.IsZero() {
			return nil
		}
		text := e.date(t)
		return &text
	}
	data := personExport{
		Number: f.Number.String(), Contacts: []personContact{}, Suppressions: []json.RawMessage{}, Campaigns: []personCampaign{}, Targets: []personTarget{},
		Calls: []personCall{}, Callbacks: []personCallback{}, TrunkRecords: f.Dialogs, Answers: []personAnswer{}, ErrorRows: []personErrorRow{}, Files: []personFile{},
	}
	for i := range f.Contacts {
		c := &f.Contacts[i]
		one := personContact{Contact: e.contact(nil, &c.Contact), Lists: []personList{}}
		if c.Deletion != addressbook.ForGood {
			one.Deleted = orNull(c.Deletion.Time())
		}
		for _, l := range c.Lists {
			one.Lists = append(one.Lists, personList{l.SID, l.Name, e.date(l.Joined)})
		}
		data.Contacts = append(data.Contacts, one)
	}
	for i := range f.Suppressions {
		data.Suppressions = append(data.Suppressions, e.suppression(nil, &f.Suppressions[i]))
	}
	for _, c := range f.Campaigns {
		data.Campaigns = append(data.Campaigns, personCampaign(c))
	}
	for i := range f.Targets {
		t := &f.Targets[i]
		one := personTarget{
			Campaign: t.Campaign.SID, Name: t.Campaign.Name, Called: t.Name, Variables: t.Vars, Calls: len(t.History), Ended: orNull(t.Ended),
		}
		if t.Contact != (addressbook.SID{}) {
			one.Contact = &t.Contact
		}
		if why := t.Reason.String(); why != "" {
			one.Reason = &why
		}
		if one.Variables == nil {
			one.Variables = map[string]string{}
		}
		data.Targets = append(data.Targets, one)
	}
	for i := range f.Calls {
		c := &f.Calls[i]
		data.Calls = append(data.Calls, personCall{
			c.SID, c.Campaign, c.Status(), c.Attempt, orNull(c.Placed), orNull(c.Rang), orNull(c.Answered), orNull(c.Ended),
			c.Digits, c.Mark, c.Code, c.Cause, c.CauseText,
		})
	}
	for i := range f.Events {
		ev := &f.Events[i]
		data.Callbacks = append(data.Callbacks, personCallback{ev.Campaign, ev.Kind.String(), ev.URL, e.date(ev.Created), ev.Body})
	}
	for i := range f.Answers {
		data.Answers = append(data.Answers, personAnswer{e.date(f.Answers[i].Created), f.Answers[i].Parts})
	}
	for i := range f.ErrorRows {
		row := &f.ErrorRows[i]
		data.ErrorRows = append(data.ErrorRows, personErrorRow{row.Upload, row.FileName, row.Line, row.Reason, strings.ToValidUTF8(string(row.Record), "\uFFFD")})
	}
	for i := range f.Files {
		data.Files = append(data.Files, personFile(f.Files[i]))
	}
	return json.Marshal(data)
}
