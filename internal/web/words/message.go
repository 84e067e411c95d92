package words

import (
	"fmt"
	"strings"
	"time"

	"callbook/internal/trunk"
)

// Message is a SIP message for people.
type Message struct {
	At    string // how long after the beginning
	Title string // the method of a request, or the status of an answer
	Text  string
	Sent  bool // by callbook; otherwise it was received
}

// Messages describes the messages of a call that began at a time.
func Messages(all []trunk.Message, begun time.Time) []Message {
	var described []Message
	for _, m := range all {
		first, _, _ := strings.Cut(m.Text, "\r\n")
		title, _, _ := strings.Cut(first, " ")
		if status, ok := strings.CutPrefix(first, "SIP/2.0 "); ok {
			title = status
		}
		described = append(described, Message{
			At: fmt.Sprintf("%.2f s", max(0, m.At.Sub(begun).Seconds())), Title: title, Sent: m.Sent,
			Text: strings.TrimSpace(strings.ReplaceAll(m.Text, "\r\n", "\n")),
		})
	}
	return described
}
