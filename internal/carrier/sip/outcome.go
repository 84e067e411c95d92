package sip

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/campaign"
	"callbook/internal/trunk"
)

// ring says when a row of the map holds.
type ring uint8

const (
	always ring = iota
	rang        // only after the telephone rang
	silent      // only if it did not ring
)

// row says what a failed call counts as.
type row struct {
	code, cause int // of SIP and of Q.850; 0 stands for any
	when        ring
	outcome     campaign.Outcome
	text        string
}

// outcomes is the map of outcomes; the first row that fits counts. Causes come first,
// because they are the network's own words, while gateways choose codes as they like.
var outcomes = []row{
	{cause: 17, outcome: campaign.Busy, text: "User busy"},
	{cause: 18, outcome: campaign.NoAnswer, text: "No user responding"},
	{cause: 19, outcome: campaign.NoAnswer, text: "No answer from the user"},
	{cause: 20, outcome: campaign.NoAnswer, text: "Subscriber absent"},
	{cause: 21, outcome: campaign.CallFailed, text: "Call rejected"},
	{cause: 1, outcome: campaign.Unreachable, text: "Unallocated number"},
	{cause: 22, outcome: campaign.Unreachable, text: "Number changed"},
	{cause: 28, outcome: campaign.Unreachable, text: "Invalid number format"},
	{cause: 34, outcome: campaign.CallFailed, text: "No circuit available"},
	{cause: 38, outcome: campaign.CallFailed, text: "Network out of order"},
	{cause: 41, outcome: campaign.CallFailed, text: "Temporary failure"},
	{cause: 42, outcome: campaign.CallFailed, text: "Switching equipment congestion"},
	{cause: 47, outcome: campaign.CallFailed, text: "Resource unavailable"},
	{cause: 57, outcome: campaign.TrunkFailed, text: "The trunk does not allow the call"},
	{cause: 88, outcome: campaign.TrunkFailed, text: "Incompatible destination"},

	{code: 486, outcome: campaign.Busy, text: "User busy"},
	{code: 600, outcome: campaign.Busy, text: "User busy"},
	{code: 603, outcome: campaign.CallFailed, text: "Call rejected"},
	{code: 403, when: rang, outcome: campaign.CallFailed, text: "Call rejected"},
	{code: 408, when: rang, outcome: campaign.NoAnswer, text: "No answer from the user"},
	{code: 480, when: rang, outcome: campaign.NoAnswer, text: "No answer from the user"},
	{code: 487, outcome: campaign.NoAnswer, text: "No answer from the user"},
	{code: 404, outcome: campaign.Unreachable, text: "There is no such number"},
	{code: 410, outcome: campaign.Unreachable, text: "The number is no longer in use"},
	{code: 484, outcome: campaign.Unreachable, text: "The number is incomplete"},
	{code: 604, outcome: campaign.Unreachable, text: "There is no such number"},
	{code: 607, outcome: campaign.CallFailed, text: "The callee does not want such calls"},
	{code: 608, outcome: campaign.CallFailed, text: "The network blocks such calls"},
	{code: 401, outcome: campaign.TrunkFailed, text: "The trunk refuses the user or the password"},
	{code: 407, outcome: campaign.TrunkFailed, text: "The trunk refuses the user or the password"},
	{code: 403, outcome: campaign.CallFailed, text: "The trunk refuses the call or its caller id"},
	{code: 408, outcome: campaign.CallFailed, text: "The network got no answer in time"},
	{code: 480, outcome: campaign.CallFailed, text: "Temporarily unavailable"},
	{code: 488, outcome: campaign.TrunkFailed, text: "The trunk takes none of the codecs"},
	{code: 421, outcome: campaign.CallFailed, text: "The trunk demands an extension that callbook does not have"},
	{code: 503, outcome: campaign.CallFailed, text: "The trunk has no capacity"},
}

// result is what a call counts as.
type result struct {
	outcome     campaign.Outcome
	code, cause int
	text        string
}

// resultOf returns what a final answer other than 2xx counts as. The rows of the trunk
// overrule the outcome, and not the text.
func resultOf(code, cause int, text string, rung bool, own []trunk.OutcomeRow) result {
	r := result{outcome: campaign.CallFailed, code: code, cause: cause, text: text}
	for _, row := range outcomes {
		if (row.code == 0 || row.code == code) && (row.cause == 0 || row.cause == cause) &&
			(row.when == always || (row.when == rang) == rung) {
			r.outcome = row.outcome
			if r.text == "" {
				r.text = row.text
			}
			break
		}
	}
	if r.outcome == campaign.TrunkFailed && rung {
		r.outcome = campaign.CallFailed // the trunk has done its part
	}
	if r.text == "" && code >= 300 && code < 400 {
		r.text = "The trunk redirects the call"
	}
	if r.text == "" {
		r.text = "The call failed"
	}
	for _, row := range own {
		if (row.Code == 0 || row.Code == code) && (row.Cause == 0 || row.Cause == cause) && row.Code+row.Cause != 0 {
			if o, ok := outcomeNamed(row.Outcome); ok {
				r.outcome = o
				break
			}
		}
	}
	return r
}

// outcomeNamed returns the outcome that an [trunk.OutcomeRow] names.
func outcomeNamed(word string) (campaign.Outcome, bool) {
	switch word {
	case "invalid":
		return campaign.Unreachable, true
	case "busy":
		return campaign.Busy, true
	case "no-answer":
		return campaign.NoAnswer, true
	case "failed":
		return campaign.CallFailed, true
	}
	return 0, false
}

// maxReason bounds the text of a Reason header, in bytes.
const maxReason = 100

// reasonOf reads the cause of Q.850 and its text in the Reason headers of a message
// (RFC 3326). Cause is 0 if there is none.
func reasonOf(m gosip.Message) (cause int, text string) {
	for value := range fields(m, "Reason") {
		for _, one := range splitQuoted(value, ',') {
			fields := splitQuoted(one, ';')
			if !strings.EqualFold(strings.TrimSpace(fields[0]), "Q.850") {
				continue
			}
			for _, field := range fields[1:] {
				name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
				switch strings.ToLower(strings.TrimSpace(name)) {
				case "cause":
					if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && n > 0 && n < 128 {
						cause = n
					}
				case "text":
					text = printable(strings.Trim(strings.TrimSpace(value), `"`))
				}
			}
			if cause != 0 {
				return cause, strings.Clone(strings.ToValidUTF8(text[:min(len(text), maxReason)], "")) // not the whole message
			}
		}
	}
	return 0, ""
}

// printable removes what does not belong into a line of text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}

// splitQuoted splits a text at a separator outside of quotes.
func splitQuoted(s string, sep byte) (parts []string) {
	quoted, from := false, 0
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// maxRetryAfter bounds how long a trunk rests because it asks for that.
const maxRetryAfter = time.Minute

// retryAfter returns how long an answer asks to wait.
func retryAfter(res *gosip.Response) time.Duration {
	digits, _, _ := strings.Cut(headerOf(res, "Retry-After"), ";")
	digits, _, _ = strings.Cut(strings.TrimSpace(digits), " ")
	n, err := strconv.Atoi(digits)
	if err != nil || n <= 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxRetryAfter)
}
