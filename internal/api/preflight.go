package api

import "net/http"

// Preflight answers a browser that asks what a page of another origin may send.
// What the browser looks at is in the headers, which are the caller's to set.
func Preflight(w http.ResponseWriter, r *http.Request) {
	answer := newReply(r, http.StatusOK)
	answer.body = append(answer.body, `,"response":{"code":200,"error_data":null,"status":"success","data":null}}`...)
	answer.send(w, r)
}
