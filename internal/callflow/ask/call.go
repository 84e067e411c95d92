package ask

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// Call is the call that a request is about.
type Call struct {
	Account  account.Account
	Call     addressbook.SID
	To       phone.Number
	CallerID string // in the campaign's spelling
	Flow     string // the flow's name
	// CustomField is the campaign's custom field as JSON, or nil.
	CustomField []byte
	// Placed is when the call was placed. Now is the present time by the clock of calls.
	Placed, Now time.Time
}

// The formats of dates in Exotel's requests.
const (
	createdForm = "Mon, 02 Jan 2006 15:04:05"
	timeForm    = time.DateTime
)

// values returns the parameters of a request, as section 8 of the contract of campaigns
// lists them.
func (c *Call) values(digits string) map[string]string {
	zone := c.Account.TimeZone
	to, from := c.national(c.To.String()), c.national(c.CallerID)
	placed := c.Placed.In(zone)
	return map[string]string{
		// Exotel's clients expect the callee in CallFrom.
		"CallSid": c.Call.String(), "CallFrom": to, "CallTo": from, "From": to, "To": from, "DialWhomNumber": to,
		"Direction": "outbound-api", "CallType": "call-attempt", "CallStatus": "in-progress", "DialCallDuration": "0",
		"Created": placed.Format(createdForm), "StartTime": placed.Format(timeForm),
		"EndTime":     time.Unix(0, 0).In(zone).Format(timeForm), // the call has not ended
		"CurrentTime": c.Now.In(zone).Format(timeForm),
		"flow_id":     c.Flow, "tenant_id": c.Account.SID, "CustomField": c.custom(), "digits": digits,
	}
}

// national returns a number as one dials it within the account's country, with a leading
// zero. It returns numbers of other countries and invalid ones unchanged.
func (c *Call) national(text string) string {
	region, err := phone.RegionByCode(c.Account.Region)
	if err != nil {
		return text
	}
	n, err := region.Parse(text)
	if err != nil || n.Region() != c.Account.Region {
		return text
	}
	return "0" + strings.TrimPrefix(n.String(), fmt.Sprintf("+%d", n.CallingCode()))
}

// custom returns the campaign's custom field: the text of a JSON string, and other values
// as JSON.
func (c *Call) custom() string {
	var text string
	if json.Unmarshal(c.CustomField, &text) == nil {
		return text
	}
	return string(c.CustomField)
}
