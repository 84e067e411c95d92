package api

import "net/http"

// Preflight answers a CORS preflight request. The caller sets the headers that matter to
// the browser.
func Preflight(w http.ResponseWriter, r *http.Request) {
	answer := newReply(r, http.StatusOK)
	const item = successItem + `null}`
	if ofCampaigns(r) {
		answer.body = append(answer.body, `,"response":[`+item+`]}`...)
	} else {
		answer.body = append(answer.body, `,"response":`+item+`}`...)
	}
	answer.send(w, r)
}
