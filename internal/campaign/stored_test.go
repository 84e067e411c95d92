package campaign_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/phone"
)

// TestEncodeSettings stores settings of which every field is set, and of which none is.
func TestEncodeSettings(t *testing.T) {
	t.Parallel()
	full := campaign.Settings{
		Name: "Rent \"June\" \x00", CallerID: "080-47 000001", Dynamic: true, From: []phone.Number{919800000001},
		Lists: []addressbook.SID{{1, 2}, {3}}, URL: "http://a.example/start/1", Text: "Hi @@name", FlowType: "ivr", RepeatMenu: 2, Duplicates: true,
		Retries: &campaign.Retries{Number: 3, Interval: time.Minute, Exponential: true, Busy: true, NoAnswer: true, Failed: true},
		SendAt:  time.Unix(1, 234567891), EndAt: time.Unix(2, 1),
		CallStatusCallback: "https://a", CallScheduleCallback: "https://b", StatusCallback: "https://c",
		Throttle: 30, Vars: []string{"name"}, CustomField: []byte(`{ "b" : 1.0e5 }`),
		CallingHours: &campaign.CallingHours{Hours: &campaign.Hours{From: 9 * 60, Until: 21 * 60}, Days: &[7]bool{1: true}, Reason: "flood", By: "key", Since: time.Unix(3, 7)},
		Record:       true, Language: "hi",
	}
	for v, i := reflect.ValueOf(full), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the test does not set %s", v.Type().Field(i).Name)
		}
	}
	for _, want := range []campaign.Settings{full, {}, {Retries: &campaign.Retries{}}} {
		got, err := campaign.DecodeSettings([]byte(want.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		got.Name, got.Throttle, got.From = want.Name, want.Throttle, campaign.DecodeNumbers(campaign.EncodeNumbers(want.From))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("settings (-want +got):\n%s", diff)
		}
	}
}

func TestEncodeHistory(t *testing.T) {
	t.Parallel()
	longest := slices.Repeat([]campaign.Attempt{{addressbook.SID{1}, campaign.TrunkFailed}}, campaign.MaxHistory)
	for _, want := range [][]campaign.Attempt{nil, {{addressbook.SID{1}, campaign.Busy}, {addressbook.SID{2}, 0}}, longest} {
		if got, err := campaign.DecodeHistory(campaign.EncodeHistory(nil, want)); err != nil || !cmp.Equal(want, got) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	if _, err := campaign.DecodeHistory(make([]byte, 18)); err == nil {
		t.Error("a history of 18 bytes can be read")
	}
}
