package words

// Refusal explains an error code of the API: what was wrong with the request, and what
// helps.
func Refusal(code int) (why, help string) {
	if r, ok := refusals[code]; ok {
		return r.why, r.help
	}
	return "The code was not kept.", "It is in the answers that the program got."
}

var refusals = map[int]struct{ why, help string }{
	1000: {"They asked for something that is not there, or at an address that the API does not have.", "Look at the sid and the path that the program sends. What was deleted is not there any more."},
	1001: {"Something was missing that they must have.", "The answer names the field."},
	1002: {"A value was none that the field or the query takes.", "The answer names it and says why: most often it is a number that cannot be one."},
	1003: {"The key may not do this.", "It is that of another account, or the browser sent it for another site's page."},
	1007: {"The body could not be read.", "It must be the JSON that the reference shows, and whole."},
	1008: {"It was there already.", "With on_duplicate=skip or update such requests succeed."},
	1010: {"Key and token were not right.", "Look whether the key was revoked or has expired, and make a new one."},
	1011: {"The body was of another content type.", "Send Content-Type: application/json."},
	1100: {"The server failed.", "Its log says more under the request id of the answer."},
	1405: {"The address takes another method.", "The reference has the method of each address."},
	1409: {"The same request was still running.", "Send it again with the same Idempotency-Key when the first has ended."},
	1413: {"The body was too large.", "Send fewer at once, or a file."},
	1422: {"An Idempotency-Key came again with another request.", "Use a new key for each request."},
	1429: {"It was too much at once.", "Wait as long as the header Retry-After of the answer says."},
	1503: {"The server was not ready or too busy.", "Wait as long as the header Retry-After of the answer says, and send it again."},
}
