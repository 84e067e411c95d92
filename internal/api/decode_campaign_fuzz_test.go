package api

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"callbook/internal/fault"
)

// FuzzDecodeCampaign holds that whatever comes as a body is a draft or a fault of the
// caller's, that the array around a campaign makes no difference to a change of it, and
// that the body stays as it was.
func FuzzDecodeCampaign(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `[]`, `null`, `{"campaigns":null}`, `{"campaigns":[null]}`, `{"campaigns":[{},{}]}`, `{"campaigns":{}}`, `{"campaigns":[{}]} x`,
		`{"campaigns":[{"caller_id":"080","from":["1",null,"2"],"schedule":null,"custom_field":null,"throttle":null,"Name":"x","name":"y"}]}`,
		`{"campaigns":[{"from":"1, 2,,3","call_duplicate_numbers":"TRUE","schedule":[{"send_at":"x"}],"retries":{"on_status":[]}}]}`,
		`{"campaigns":[{"from":7}]}`, `{"campaigns":[{"schedule":[{},{}]}]}`, `{"campaigns":[{"schedule":[]}]}`, `{"campaigns":[{"schedule":"x"}]}`,
		`{"campaigns":[{"custom_field":{"a" : [1.50e+02, "é\ud800"]}}]}`, `{"action":"pause","url":1}`, `{"action":null}`, `{"throttle":1e3}`, `{"name":"` + "\xff" + `"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		whole, err := decodeCampaign(body)
		checkDraft(t, whole != nil, err)
		if whole != nil && whole.CustomField.Value != nil && !json.Valid(*whole.CustomField.Value) {
			t.Errorf("the custom field is %q", *whole.CustomField.Value)
		}
		change, changeErr := decodeCampaignChange(body)
		checkDraft(t, change != nil, changeErr)
		if whole != nil && change == nil {
			t.Errorf("a campaign is no change: %v", changeErr)
		}
		var fields map[string]json.RawMessage
		if json.Unmarshal(body, &fields) == nil && len(fields) > 0 && fields["campaigns"] == nil && change != nil {
			if _, err := decodeCampaignChange([]byte(`{"campaigns":[` + string(body) + `]}`)); err != nil {
				t.Errorf("bare it is a change, in an array %v", err)
			}
		}
		over, err := decodeCopy(body)
		checkDraft(t, over != nil, err)
		if !bytes.Equal(body, given) {
			t.Fatal("the body was changed")
		}
	})
}

// checkDraft checks that there is a draft, or a fault that a caller can be told.
func checkDraft(t *testing.T, there bool, err error) {
	t.Helper()
	f := fault.As(err)
	if there != (err == nil) || err != nil && (f == nil || f.Kind != fault.Unparsable && f.Kind != fault.Missing && f.Kind != fault.Invalid && f.Kind != fault.TooLarge) {
		t.Errorf("a draft is there: %t, and the error is %v", there, err)
	}
	if err != nil && !utf8.ValidString(Words(err)) {
		t.Errorf("the words %q are not UTF-8", Words(err))
	}
}
