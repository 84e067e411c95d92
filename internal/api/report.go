package api

import (
	"context"
	"io"
	"net/http"

	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/report"
)

var (
	errEarly  = fault.New(fault.Unfinished, "The campaign has not ended; partial=true asks for what there is")
	errUnread = fault.New(fault.Unfinished, "The numbers of the campaign are still being read; partial=true asks for what there is")
)

// getReport sends a campaign's report while it reads it.
func (a *API) getReport(w http.ResponseWriter, r *http.Request) {
	if err := a.sendReport(w, r); err != nil {
		Fail(w, r, err)
	}
}

// sendReport sends a report. It returns an error only if nothing was sent.
func (a *API) sendReport(w http.ResponseWriter, r *http.Request) error {
	words, err := parseWords(r)
	if err != nil {
		return err
	}
	partial, err := boolWord(words, "partial")
	if err != nil {
		return err
	}
	acct := accountOf(r)
	c, err := a.campaigns.Get(r.Context(), acct, sidIn(r, "sid"))
	if err != nil {
		return err
	}
	switch {
	case partial:
	case !c.State.Ended():
		return errEarly
	case !c.Expanded:
		return errUnread // the numbers that nobody will call are missing yet
	}
	return a.sendFile(w, r, file{mediaType: report.CSVType, name: "report-" + c.Name, extension: ".csv", bytes: report.Bytes}, func() (writeFile, error) {
		e, err := a.campaignEncoder(r, nil, nil)
		if err != nil {
			return nil, err
		}
		recordingURL := func(call *campaign.Call) string { return e.recordingURL(c.SID, call) }
		return func(ctx context.Context, to io.Writer) error {
			return report.Write(ctx, a.campaigns, acct, c, recordingURL, to)
		}, nil
	})
}
