package trunks

import (
	"encoding/json"
	"net/http"

	"callbook/internal/fault"
	"callbook/internal/trunk"
	"callbook/internal/web/shell"
)

var errNoCommand = fault.New(fault.Forbidden, "Only the command callbook trunk trace may ask for this, on the database of this server.")

// traces answers "callbook trunk trace" with the calls over a trunk whose messages are
// kept, or with one call and its messages, as JSON.
func (room *Room) traces(r *http.Request) (shell.Answer, error) {
	q := r.URL.Query()
	if may, err := room.Command(r.Context(), q); err != nil || !may {
		if err == nil {
			err = errNoCommand
		}
		return shell.Answer{}, err
	}
	told := trunk.Traces{Real: room.Line != nil, Calls: []trunk.Trace{}}
	if room.Line != nil {
		for _, t := range room.Line.Traces() {
			switch call := q.Get("call"); {
			case call == "" && t.Trunk == q.Get("trunk"):
				t.Messages = nil
			case call == "" || call != t.Call:
				continue
			}
			told.Calls = append(told.Calls, t)
		}
	}
	return shell.Answer{Raw: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(told) // who asks may be gone
	}}, nil
}
