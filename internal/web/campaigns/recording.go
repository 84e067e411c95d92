package campaigns

import (
	"net/http"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/recording"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// recordHint is the hint of the checkbox that records calls.
func (room *Room) recordHint() string {
	hint := "The law may demand that callees are told: say it at the beginning of what they hear. " + kept(room.Recordings.Retention())
	if room.Simulated > 0 {
		hint += " The simulated telephone records nothing."
	}
	return hint
}

// kept says how long recordings are kept.
func kept(retention time.Duration) string {
	if retention == recording.Forever {
		return "Recordings are kept until somebody deletes them."
	}
	return "Recordings are kept for " + words.Length(retention) + "."
}

// record begins or ends the recording of a campaign's further calls.
func (room *Room) record(r *http.Request) (shell.Answer, error) {
	on := r.PostForm.Get("record") != ""
	c, err := room.Campaigns.Update(r.Context(), shell.AccountOf(r), shell.PathSID(r, "sid"), &campaign.Draft{Record: campaign.Some(on)}, nil)
	if refuses(err) {
		return shell.GoTo("/campaigns/" + shell.PathSID(r, "sid").String()).Noting(words.Sentence(fault.As(err))), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	said := "Calls that begin now are not recorded. Recordings that there are stay."
	if on {
		said = "Calls that begin now are recorded."
	}
	return shell.GoTo("/campaigns/" + c.SID.String()).Saying(said), nil
}

// recordingFile sends the recording of a call to the page's player.
func recordingFile(r *http.Request, c *campaign.Campaign) (shell.Answer, error) {
	return apiFile(r, "/campaigns/"+c.SID.String()+"/call-details/"+shell.PathSID(r, "call").String()+"/recording"), nil
}

// deleteRecording deletes the recording of a call.
func (room *Room) deleteRecording(r *http.Request) (shell.Answer, error) {
	sid := shell.PathSID(r, "sid")
	to := shell.GoTo("/campaigns/" + sid.String() + "/calls")
	if position := r.PostForm.Get("position"); number(position) >= 0 {
		to = shell.GoTo("/campaigns/" + sid.String() + "/numbers/" + position)
	}
	err := room.Recordings.Delete(r.Context(), shell.AccountOf(r), sid, shell.PathSID(r, "call"), nil)
	switch {
	case fault.Is(err, fault.NotFound):
		return to.Noting("The recording is not there any more."), nil
	case err != nil:
		return shell.Answer{}, err
	}
	return to.Saying("The recording is deleted."), nil
}
