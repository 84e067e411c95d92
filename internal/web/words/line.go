package words

import "callbook/internal/phone"

// Line returns the common name of a kind of numbers.
func Line(line phone.Line) string { return lineNames[line] }

var lineNames = map[phone.Line]string{
	phone.UnknownLine:   "Unknown",
	phone.Mobile:        "Mobile",
	phone.FixedLine:     "Fixed line",
	phone.FixedOrMobile: "Fixed line or mobile",
	phone.TollFree:      "Toll-free",
	phone.VoIP:          "Internet telephony",
	phone.OtherLine:     "Premium and others",
}
