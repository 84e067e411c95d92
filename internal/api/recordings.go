package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/journal"
	"callbook/internal/link"
	"callbook/internal/recording"
	"callbook/internal/slowbody"
	"callbook/internal/wav"
)

// This file has callbook's own routes for the recordings of calls.

func (a *API) handleRecordings(campaign string) {
	path := campaign + "/call-details/{call_sid}/recording"
	a.serve("GET "+path, a.getRecording)
	a.remove(path, a.deleteRecording)
}

// getRecording sends the recording of a call, or the part of it that the request asks for.
func (a *API) getRecording(w http.ResponseWriter, r *http.Request) {
	if err := a.sendRecording(w, r); err != nil {
		Fail(w, r, err)
	}
}

// sendRecording sends a recording. It returns an error only if nothing was sent.
func (a *API) sendRecording(w http.ResponseWriter, r *http.Request) error {
	if err := budget.Of(r.Context()).Take(r.Context(), recording.FileBytes); err != nil {
		return err
	}
	done, err := a.gate.download(accountOf(r).ID)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), fileTimeout)
	defer cancel()
	f, err := a.recordings.Open(ctx, accountOf(r), sidIn(r, "sid"), sidIn(r, "call_sid"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", wav.ContentType)
	h.Set("Content-Disposition", fmt.Sprintf(`inline; filename="call-%s.wav"`, f.Call))
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", fmt.Sprintf(`"%s-%d"`, f.Call, f.Samples))
	http.ServeContent(patient{w, slowbody.NewAnswer(w, budget.Of(r.Context()).Scarce)}, r, "", time.Time{}, f)
	return nil
}

// patient is a ResponseWriter for clients that read slowly, as players do.
type patient struct {
	http.ResponseWriter
	answer *slowbody.Answer
}

// Write implements [http.ResponseWriter].
func (p patient) Write(b []byte) (int, error) { return p.answer.Write(b) }

func (a *API) deleteRecording(r *http.Request) (reply, error) {
	answer := pending{r: r}
	return answer.end(a.recordings.Delete(r.Context(), accountOf(r), sidIn(r, "sid"), sidIn(r, "call_sid"), func(d *recording.Recording) *journal.Receipt {
		of := newReplyOf(r, http.StatusOK, usualItem)
		b := d.Call.AppendTo(append(of.body, `,"response":[`+successItem+`{"call_sid":"`...))
		of.body = append(b, `","recording_url":null}}]}`...)
		return answer.keep(of)
	}))
}

// recordingURL returns the link to the recording of a campaign's call.
func (e *campaignEncoder) recordingURL(of addressbook.SID, call *campaign.Call) string {
	return e.server + e.signer.Path(link.Recording(of, call.SID))
}
