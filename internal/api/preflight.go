package api

import "net/http"

// Preflight answers a browser that asks what a page of another origin may send.
// What the browser looks at is in the headers, which are the caller's to set.
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
