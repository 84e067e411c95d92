package trunks

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/phone"
	"callbook/internal/trunk"
	"callbook/internal/trunk/testcall"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// callForm is the data of the template call-form.html.
type callForm struct {
	state
	Calling, Waiting       bool
	Number, CallerID, Says shell.Field
	Voice                  bool
	Error                  string
	Current                *testcall.State // the call that is being made, or nil
}

// testText is what callees of test calls hear by default.
const testText = "This is a test call of callbook."

func (room *Room) newCallForm(t *trunk.Trunk, v url.Values) *callForm {
	f := &callForm{
		state: room.stateOf(*t, room.health()), Calling: room.Tests != nil, Waiting: room.Waiting,
		Number:   shell.Field{Name: "number", Label: "Number to call", Type: "tel", Required: true, MaxLength: 40, Value: v.Get("number"), Hint: "It is called once, whatever the prefixes of the trunk."},
		CallerID: shell.Field{Name: "caller_id", Label: "They see", Required: true, InputMode: "tel", MaxLength: 40, Value: v.Get("caller_id")},
		Says:     shell.Field{Name: "text", Label: "They hear", MaxLength: 200, Value: v.Get("text")},
	}
	if len(t.CallerIDs) > 0 {
		f.CallerID.Type = "select"
		for _, id := range t.CallerIDs {
			f.CallerID.Options = append(f.CallerID.Options, shell.Option{Value: id, Label: id})
		}
	}
	if room.Tests != nil {
		f.Voice = room.Tests.Voice()
		if last, ok := room.Tests.Last(); ok && !last.Over {
			f.Current = &last
		}
	}
	return f
}

func (f *callForm) page() shell.Answer { return pages.Show("call-form", "Test call over "+f.Name, f) }

func (room *Room) callFormPage(r *http.Request) (shell.Answer, error) {
	t, err := room.named(r)
	if err != nil {
		return shell.Answer{}, err
	}
	v, err := shell.Typed(r)
	if v == nil {
		v = url.Values{"text": {testText}}
	}
	return room.newCallForm(t, v).page(), err
}

// placeCall places the call of the form. Its id follows from the form, so that a form that
// is sent twice calls once, also when the server has been killed in between.
func (room *Room) placeCall(r *http.Request) (shell.Answer, error) {
	t, err := room.named(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if room.Tests == nil {
		return room.newCallForm(t, r.PostForm).page().Invalid(), nil
	}
	var seed [10]byte
	if hash, once := shell.FormHash(r); once {
		copy(seed[:], hash[:])
	} else {
		_, _ = rand.Read(seed[:])
	}
	id := trunk.TestCall(seed)
	q := testcall.Request{Trunk: t.Name, CallerID: strings.TrimSpace(r.PostForm.Get("caller_id")), Text: strings.TrimSpace(r.PostForm.Get("text"))}
	if q.To, err = room.Book.Number(shell.AccountOf(r), r.PostForm.Get("number")); err == nil {
		if _, may := t.Shows(q.CallerID); q.CallerID == "" || !may {
			err = fault.InvalidField(trunk.FieldCallerIDs, "write a number that the trunk may show")
		} else {
			err = room.Tests.Begin(id, q)
		}
	}
	if err == nil {
		err = room.Audit.Tell(r.Context(), audit.Change{Action: audit.TrunksCall, Object: t.Name, Done: 1})
	}
	if wrong := fault.As(err); wrong != nil {
		f := room.newCallForm(t, r.PostForm)
		switch {
		case wrong.Field == trunk.FieldCallerIDs:
			f.CallerID.Error = sentence(wrong)
		case wrong.Field != "":
			f.Number.Error = words.Sentence(wrong)
		default:
			f.Error = words.Faults.Of(wrong)
		}
		return f.page().Invalid(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/trunks/calls/" + id.String()), nil
}

// callData is the data of the template call.html. While the call lasts, htmx loads the
// page again and again.
type callData struct {
	testcall.State
	Phone      string
	Shown      string // the caller id
	Text, Kind string // how the call is, and the badge for it
	Detail     string // the answer of the trunk and the reason, or ""
	Advice     string // what to do about it, or ""
	Talk       string
	Steps      []words.Message
}

func (room *Room) callPage(r *http.Request) (shell.Answer, error) {
	if room.Tests == nil {
		return shell.Answer{}, errNoCall
	}
	s, ok := room.Tests.Call(shell.PathSID(r, "call"))
	if !ok {
		return shell.Answer{}, errNoCall
	}
	return pages.Show("call", "Test call", callDataOf(s)).Piece("call-live"), nil
}

var errNoCall = fault.New(fault.NotFound, "This server does not know the call: there was another test call since, it was started again, or another server has made the call.")

func callDataOf(s testcall.State) callData {
	d := callData{State: s, Phone: s.To.International(), Shown: international(s.CallerID), Text: "Being made", Kind: "info", Steps: words.Messages(s.Messages, s.Begun)}
	switch {
	case !s.Over:
	case s.Trouble != "":
		d.Text, d.Kind, d.Detail = "Not made", "bad", sentence(fault.New(fault.Invalid, s.Trouble))
	case s.End.State != campaign.CallEnded:
		d.Text, d.Kind, d.Detail = "Hung up", "warn", "The trunk has not confirmed it yet."
	default:
		d.Text, d.Kind = words.Outcome(s.End.Outcome)
		if s.End.Outcome != campaign.Reached {
			d.Detail = s.End.CauseText
			if s.End.Code != 0 {
				d.Detail = strings.TrimSpace(fmt.Sprintf("%d %s", s.End.Code, d.Detail))
			}
			if s.End.Outcome.Failed() {
				d.Advice = trunk.Advice(s.End.Code, s.Messages)
			}
		}
		if !s.End.Answered.IsZero() {
			d.Talk = words.Took(s.End.Ended.Sub(s.End.Answered))
		}
	}
	return d
}

// international returns a number as people write it. Caller ids that are no numbers in
// E.164 stay as they are.
func international(id string) string {
	if n, err := phone.ParseE164(id); err == nil {
		return n.International()
	}
	return id
}

func (room *Room) hangUp(r *http.Request) (shell.Answer, error) {
	id := shell.PathSID(r, "call")
	if room.Tests == nil || id == (addressbook.SID{}) {
		return shell.Answer{}, errNoCall
	}
	room.Tests.HangUp(id)
	return shell.GoTo("/trunks/calls/" + id.String()), nil
}
