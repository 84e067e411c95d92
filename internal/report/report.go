// Package report writes the report of a campaign as a CSV file: a row for each call, and
// one for each target that was never called. It also writes the suppressions of an account
// as a CSV file.
package report

import (
	"context"
	"io"
	"strconv"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/csvcell"
)

// CSVType is the media type of the files.
const CSVType = "text/csv; charset=utf-8"

const (
	bufferBytes = 64 << 10 // bytes of a write
	// Bytes is the memory of a file beside its current page, in bytes.
	Bytes = 1 << 20
)

// columns are the columns of every report. The variables of a dynamic list follow.
var columns = [...]string{
	"campaign_id", "campaign_name", "number", "name", "attempt", "call_sid", "status", "reason",
	"date_created", "start_time", "end_time", "duration", "on_call_duration", "digits",
	"caller_id", "recording_url", "sip_code", "cause", "mark",
}

// Source provides the rows of a report. [campaign.Campaigns] is one.
type Source interface {
	Calls(ctx context.Context, acct account.Account, sid addressbook.SID, q campaign.CallQuery) (campaign.CallPage, error)
	Targets(ctx context.Context, acct account.Account, sid addressbook.SID, q campaign.TargetQuery) (campaign.TargetPage, error)
}

// Write writes the report of a campaign: its calls in their order, and then the targets
// that were never called, by position. It is not a snapshot: while a campaign calls, a
// target that is called for the first time in the meantime may be missing. Write writes
// nothing before it has read the first page. RecordingURL returns the URL of the recording
// of a call that has one.
func Write(ctx context.Context, source Source, acct account.Account, c *campaign.Campaign, recordingURL func(*campaign.Call) string, to io.Writer) error {
	w := &writer{to: to, zone: acct.TimeZone, campaign: c, recordingURL: recordingURL}
	if c.Dynamic {
		w.vars = c.Vars
	}
	// All rows begin with head and contain callerID.
	w.head = append(c.SID.AppendTo(nil), ',')
	w.head = append(appendText(w.head, c.Name), ',')
	w.callerID = append(appendNumber(nil, c.CallerID), ',')
	for page, err := range callPages(ctx, source, acct, c.SID) {
		if err != nil {
			return err
		}
		for i := range page.Calls {
			w.call(&page.Calls[i], &page.Targets[i])
		}
		if err := w.flush(bufferBytes); err != nil {
			return err
		}
	}
	for page, err := range neverCalled(ctx, source, acct, c.SID) {
		if err != nil {
			return err
		}
		for i := range page.Targets {
			w.target(&page.Targets[i])
		}
		if err := w.flush(bufferBytes); err != nil {
			return err
		}
	}
	w.header() // if there are no rows
	return w.flush(0)
}

// writer encodes rows and writes them in larger pieces.
type writer struct {
	to       io.Writer
	b        []byte
	begun    bool
	zone     *time.Location
	campaign *campaign.Campaign
	vars     []string // the names of the last columns
	head     []byte   // the first two cells, with commas
	callerID []byte   // the cell of the caller id, with a comma
	second   int64    // the second of date
	date     []byte   // a cached cell

	recordingURL func(*campaign.Call) string
}

// header appends the header of the file once.
func (w *writer) header() {
	if w.begun {
		return
	}
	w.begun = true
	w.b = append(w.b, csvcell.ByteOrderMark...)
	for i, name := range columns {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, name...)
	}
	for _, name := range w.vars {
		w.b = appendText(append(w.b, ','), name)
	}
	w.b = append(w.b, '\n')
}

// call appends the row of a call.
func (w *writer) call(call *campaign.Call, t *campaign.Target) {
	w.begin(t)
	dialled := call.Placed
	if dialled.IsZero() {
		dialled = call.SID.Time()
	}
	w.b = append(w.b, ',')
	w.b = strconv.AppendInt(w.b, int64(call.Attempt), 10)
	w.b = call.SID.AppendTo(append(w.b, ','))
	w.b = append(append(w.b, ','), call.Status()...)
	w.b = appendText(append(w.b, ','), call.CauseText)
	w.time(dialled)
	w.time(call.Rang)
	w.time(call.Ended)
	w.b = strconv.AppendInt(append(w.b, ','), int64(call.Duration()), 10)
	w.b = strconv.AppendInt(append(w.b, ','), int64(call.TalkTime()), 10)
	w.b = appendText(append(w.b, ','), call.Digits)
	w.b = append(append(w.b, ','), w.callerID...)
	if call.Recording > 0 {
		w.b = appendCell(w.b, w.recordingURL(call))
	}
	w.b = append(w.b, ',')
	w.known(call.Code)
	w.b = append(w.b, ',')
	w.known(call.Cause)
	w.b = appendText(append(w.b, ','), call.Mark)
	w.end(t)
}

// target appends the row of a target that was never called.
func (w *writer) target(t *campaign.Target) {
	w.begin(t)
	w.b = append(w.b, ",0,,"...)
	w.b = append(w.b, w.campaign.Word(t)...)
	ended, why := w.campaign.EndOf(t)
	w.b = append(append(w.b, ','), why.String()...)
	w.b = append(w.b, ",,"...)
	w.time(ended)
	w.b = append(w.b, ",0,0,,"...)
	w.b = append(append(w.b, w.callerID...), ",,,"...)
	w.end(t)
}

func (w *writer) begin(t *campaign.Target) {
	w.header()
	w.b = append(w.b, w.head...)
	w.b = append(t.Number.AppendTo(w.b), ',')
	w.b = appendText(w.b, t.Name)
}

func (w *writer) end(t *campaign.Target) {
	for _, name := range w.vars {
		w.b = appendText(append(w.b, ','), t.Vars[name])
	}
	w.b = append(w.b, '\n')
}

// time appends a comma and a time. It caches the last text, because neighbours often
// share the second.
func (w *writer) time(t time.Time) {
	w.b = append(w.b, ',')
	if t.IsZero() {
		return
	}
	if second := t.Unix(); second != w.second || w.date == nil {
		w.second = second
		w.date = t.In(w.zone).AppendFormat(w.date[:0], time.RFC3339)
	}
	w.b = append(w.b, w.date...)
}

// known appends a number, or nothing if it is zero.
func (w *writer) known(n int) {
	if n != 0 {
		w.b = strconv.AppendInt(w.b, int64(n), 10)
	}
}

// flush writes the encoded rows if they have at least least bytes.
func (w *writer) flush(least int) error {
	if len(w.b) < least {
		return nil
	}
	_, err := w.to.Write(w.b)
	w.b = w.b[:0]
	return err
}
