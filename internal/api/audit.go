package api

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/budget"
	"callbook/internal/fault"
)

// This file has callbook's own route for the audit log.

// entryWeight is about how many bytes of memory an entry of a page takes.
const entryWeight = 1024

func (a *API) getAudit(r *http.Request) (reply, error) {
	acct := accountOf(r)
	w, err := parseUnsorted(r, "/v2/accounts/"+acct.SID+"/audit", auditlog.MaxLimit)
	if err != nil {
		return reply{}, err
	}
	q, err := parseAuditQuery(w)
	if err != nil {
		return reply{}, err
	}
	if err := budget.Of(r.Context()).Reserve(r.Context(), int64(q.Limit)*entryWeight); err != nil {
		return reply{}, err
	}
	page, err := a.audit.Page(r.Context(), acct.ID, q)
	if err != nil {
		return reply{}, err
	}
	answer := newReplyOf(r, http.StatusOK, usualItem*len(page.Entries))
	b := appendKeyInt(answer.body, `,"metadata":{"count":`, len(page.Entries))
	b = appendKeyInt(b, `,"limit":`, q.Limit)
	b = appendKeyInt(b, `,"page_size":`, q.Limit)
	cursor, next := "", ""
	if page.Next != ([16]byte{}) {
		cursor = base64.RawURLEncoding.EncodeToString(page.Next[:])
		next = w.uri("cursor", cursor)
	}
	b = appendStringOrNull(append(b, `,"next_page_uri":`...), next)
	b = appendStringOrNull(append(b, `,"next_cursor":`...), cursor)
	b = append(b, `},"response":[`...)
	e := newEncoder(acct)
	for i := range page.Entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(e.entry(append(b, successItem...), &page.Entries[i]), '}')
	}
	answer.body = append(b, `]}`...)
	return answer, nil
}

// parseAuditQuery reads what somebody wants of the audit log.
func parseAuditQuery(w window) (q auditlog.Query, err error) {
	q.Limit = w.Limit
	if w.words.Has("offset") {
		return q, fault.New(fault.Invalid, "Invalid offset: the audit log is read with a cursor")
	}
	var ok bool
	if text := w.words.Get("action"); text != "" {
		if q.Action, ok = audit.ParseAction(text); !ok {
			return q, fault.New(fault.Invalid, "Invalid action: it must be one as contacts.create, or the beginning of some up to the dot, as contacts.")
		}
	}
	if text := w.words.Get("actor"); text != "" {
		if q.Actor, ok = audit.ParseActor(text); !ok {
			return q, fault.New(fault.Invalid, "Invalid actor: it must be one of "+strings.Join(audit.ActorKinds, ", ")+", or an actor with its id, as key:ID")
		}
	}
	if q.Object, err = w.text("object"); err != nil {
		return q, err
	}
	if text := w.words.Get("sid"); w.words.Has("sid") {
		if q.Of, ok = addressbook.ParseSID(text); !ok || q.Of == (addressbook.SID{}) {
			return q, fault.New(fault.Invalid, "Invalid sid: it must have 32 hexadecimal digits")
		}
	}
	for word, into := range map[string]*time.Time{"from": &q.From, "before": &q.Until} {
		// A plus that was not escaped arrives as a blank.
		text := strings.ReplaceAll(w.words.Get(word), " ", "+")
		if text == "" {
			continue
		}
		if *into, err = time.Parse(time.RFC3339, text); err != nil {
			return q, fault.New(fault.Invalid, "Invalid "+word+": it must be a time as 2026-11-29T00:00:00+05:30")
		}
	}
	if w.words.Has("cursor") {
		raw, err := base64.RawURLEncoding.DecodeString(w.words.Get("cursor"))
		if err != nil || len(raw) != len(q.Before) {
			return q, errCursor
		}
		q.Before = [16]byte(raw)
	}
	return q, nil
}

// entry appends an entry of the audit log.
func (e *encoder) entry(b []byte, entry *audit.Entry) []byte {
	b = hex.AppendEncode(append(b, `{"sid":"`...), entry.SID[:])
	b = e.dates.append(append(b, `","date_created":"`...), entry.Time())
	b = appendString(append(b, `","action":`...), string(entry.Action))
	kind, id := entry.Actor.Split()
	b = appendString(append(b, `,"actor":{"kind":`...), kind)
	b = appendStringOrNull(append(b, `,"id":`...), id)
	b = appendStringOrNull(append(b, `},"address":`...), entry.Address)
	b = appendStringOrNull(append(b, `,"request_id":`...), entry.Request)
	b = appendStringOrNull(append(b, `,"object":`...), entry.Object)
	first, last := "", ""
	if s := &entry.Subjects; !s.IsZero() {
		first, last = addressbook.SID(s.First).String(), addressbook.SID(s.Last).String()
	}
	b = appendStringOrNull(append(b, `,"first_sid":`...), first)
	b = appendStringOrNull(append(b, `,"last_sid":`...), last)
	b = appendKeyInt(b, `,"done":`, entry.Done)
	b = appendKeyInt(b, `,"failed":`, entry.Failed)
	b = append(b, `,"fields":[`...)
	for i, field := range entry.Fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, field)
	}
	return append(b, `]}`...)
}
