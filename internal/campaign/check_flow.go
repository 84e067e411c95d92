package campaign

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"callbook/internal/callflow"
	"callbook/internal/fault"
)

// The types of a flow.
const (
	Greeting = "greeting" // says the text and hangs up
	IVR      = "ivr"      // says the text and waits for a key
)

// flowPath matches the paths of flows in the URLs of Exotel's clients.
var flowPath = regexp.MustCompile(`^(?:/([A-Za-z0-9][A-Za-z0-9_-]*))??(?:/exoml)?/start(?:_voice)?/([0-9A-Za-z_-]{1,64})/?$`)

// parseFlowURL returns the account in a flow's URL, which may be "", and the name of the
// flow. Ok is false if raw is not a URL of a flow.
func parseFlowURL(raw string) (acct, name string, ok bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", "", false
	}
	m := flowPath.FindStringSubmatch(u.Path)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// FlowName returns the name of the flow in the campaign's URL, or "" if the campaign has
// a text. The flow may not exist.
func (s *Settings) FlowName() string {
	if s.URL == "" {
		return ""
	}
	_, name, _ := parseFlowURL(s.URL)
	return name
}

func (k *checker) url() error {
	before := k.s.Text
	if v := k.draft.URL; v.Given {
		k.s.URL = strings.TrimSpace(orZero(v))
		if k.s.URL != "" && !k.draft.Text.Given && k.s.Text != "" {
			k.s.Text, k.s.FlowType = "", "" // these belonged to the text
		}
	}
	if v := k.draft.Text; v.Given {
		k.s.Text = strings.TrimSpace(orZero(v))
		if k.s.Text != "" && !k.draft.URL.Given {
			k.s.URL = ""
		}
	}
	switch {
	case k.started && before != k.s.Text:
		return errStarted(FieldText, "ReadViaText")
	case k.started:
		return nil // the flow may be gone
	case k.s.URL == "" && k.s.Text == "":
		return fault.Mandatory(FieldURL)
	case k.s.URL != "" && k.s.Text != "":
		return sentence(fault.Invalid, FieldURL, "Only one of Url and ReadViaText is allowed")
	case k.s.URL == "":
		return nil
	}
	acct, name, ok := parseFlowURL(k.s.URL)
	if !ok || len(k.s.URL) > MaxCallback || acct != "" && acct != k.acct.SID {
		return sentence(fault.Invalid, FieldURL, "Invalid Url")
	}
	if k.flowThere == nil {
		return nil // it may be a flow of Exotel, and nobody hears it
	}
	there, err := k.flowThere(k.ctx, k.acct, name)
	if err == nil && !there {
		err = sentence(fault.Invalid, FieldURL, fmt.Sprintf("Invalid Url: there is no flow %q; add it first, or use read_via_text", name))
	}
	return err
}

func (k *checker) text() error {
	if k.started {
		return nil
	}
	k.s.Vars = nil
	if k.s.Text == "" {
		return nil
	}
	if err := checkText(FieldText, k.s.Text, MinText, MaxText); err != nil {
		return err
	}
	if !strings.Contains(k.s.Text, "@@") {
		return nil
	}
	known, err := Variables(k.ctx, k.book, k.acct)
	if err != nil {
		return err
	}
	k.s.Vars, err = callflow.Variables(k.s.Text, known)
	if unknown, ok := errors.AsType[callflow.UnknownVariableError](err); ok {
		return errVariable(string(unknown))
	}
	return err
}

func (k *checker) flowType() error {
	if v := k.draft.FlowType; v.Given {
		switch k.s.FlowType = orZero(v); k.s.FlowType {
		case "", Greeting, IVR:
		default:
			return fault.InvalidField(FieldFlowType, "it must be ivr or greeting")
		}
	}
	if k.s.FlowType == "" && k.s.Text != "" {
		k.s.FlowType = Greeting
	}
	return nil
}

func (k *checker) callStatus() error {
	return k.callback(k.draft.CallStatusCallback, &k.s.CallStatusCallback, FieldCallStatus, "CallStatusCallback")
}

func (k *checker) callSchedule() error {
	return k.callback(k.draft.CallScheduleCallback, &k.s.CallScheduleCallback, FieldCallSchedule, "CallScheduleCallback")
}

func (k *checker) status() error {
	return k.callback(k.draft.StatusCallback, &k.s.StatusCallback, FieldStatus, "StatusCallback")
}

// callback checks the URL of a program that receives events.
func (k *checker) callback(v Optional[string], stored *string, field fault.Field, name string) error {
	if !v.Given {
		return nil
	}
	*stored = strings.TrimSpace(orZero(v))
	if *stored == "" {
		return nil
	}
	u, err := url.Parse(*stored)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || len(*stored) > MaxCallback {
		return sentence(fault.Invalid, field, "Invalid "+name)
	}
	return nil
}
