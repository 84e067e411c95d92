package phone

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// example is a number of the metadata, by region: calling code, national
// number, national prefix and international prefix where that is plain digits.
type example struct {
	region, code, national, prefix, idd string
}

func examples() []example {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		panic(err)
	}
	var out []example
	for _, m := range all.GetMetadata() {
		e := example{region: m.GetId(), code: strconv.Itoa(int(m.GetCountryCode())), prefix: m.GetNationalPrefix()}
		if _, err := strconv.Atoi(m.GetInternationalPrefix()); err == nil {
			e.idd = m.GetInternationalPrefix()
		}
		for _, d := range []*phonenumbers.PhoneNumberDesc{
			m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(), m.GetVoip(),
			m.GetPersonalNumber(), m.GetPager(), m.GetUan(), m.GetVoicemail(), m.GetEmergency(),
		} {
			if d.GetExampleNumber() != "" {
				e.national = d.GetExampleNumber()
				out = append(out, e)
			}
		}
	}
	return out
}

func randomDigits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(r.IntN(10))
	}
	return string(b)
}

// mutate changes a digit or two of a national number, or its length, about
// every second time.
func mutate(r *rand.Rand, national string) string {
	b := []byte(national)
	for range r.IntN(3) {
		i := r.IntN(len(b))
		switch r.IntN(6) {
		case 0:
			b = append(b[:i], b[min(i+1, len(b)):]...)
		case 1:
			b = append(b[:i], append([]byte{'0' + byte(r.IntN(10))}, b[i:]...)...)
		case 2, 3:
			// The last digits rarely matter, the first ones often do.
			b[r.IntN(min(4, len(b)))] = '0' + byte(r.IntN(10))
		default:
			b[i] = '0' + byte(r.IntN(10))
		}
		if len(b) == 0 {
			return "0"
		}
	}
	return string(b)
}

// dressings are the ways in which people write one national number; %[1]s is
// the calling code, %[2]s the number, %[3]s its national prefix, %[4]s the
// international prefix.
var dressings = []string{
	"+%[1]s%[2]s", "+%[1]s%[3]s%[2]s", "+%[1]s0%[2]s",
	"%[1]s%[2]s", "%[1]s%[3]s%[2]s",
	"%[2]s", "%[3]s%[2]s", "0%[2]s", "1%[2]s", "8%[2]s",
	"%[4]s%[1]s%[2]s", "%[4]s%[1]s%[3]s%[2]s", "00%[1]s%[2]s", "011%[1]s%[2]s", "%[4]s%[2]s",
}

func dress(r *rand.Rand, e example) string {
	return fmt.Sprintf(dressings[r.IntN(len(dressings))], e.code, mutate(r, e.national), e.prefix, e.idd)
}

// realistic returns a number as Indian users send them.
func realistic(r *rand.Rand) string {
	mobile := string("6789"[r.IntN(4)]) + randomDigits(r, 9)
	switch p := r.IntN(100); {
	case p < 60:
		return "+91" + mobile
	case p < 75:
		return mobile
	case p < 85:
		return "0" + mobile
	case p < 90:
		return "91" + mobile
	case p < 93:
		return mobile[:5] + " " + mobile[5:]
	case p < 95:
		return "+91-" + mobile[:5] + "-" + mobile[5:]
	default:
		return []string{"+1415555", "+4420794", "+97150123", "+6591234"}[r.IntN(4)] + randomDigits(r, 4)
	}
}
