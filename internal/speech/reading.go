package speech

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// months has the names of months by language, January first (CLDR).
var months = map[string][12]string{
	"bn":    {"জানুয়ারি", "ফেব্রুয়ারি", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্টেম্বর", "অক্টোবর", "নভেম্বর", "ডিসেম্বর"},
	English: {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	"gu":    {"જાન્યુઆરી", "ફેબ્રુઆરી", "માર્ચ", "એપ્રિલ", "મે", "જૂન", "જુલાઈ", "ઑગસ્ટ", "સપ્ટેમ્બર", "ઑક્ટોબર", "નવેમ્બર", "ડિસેમ્બર"},
	"hi":    {"जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"},
	"kn":    {"ಜನವರಿ", "ಫೆಬ್ರವರಿ", "ಮಾರ್ಚ್", "ಏಪ್ರಿಲ್", "ಮೇ", "ಜೂನ್", "ಜುಲೈ", "ಆಗಸ್ಟ್", "ಸೆಪ್ಟೆಂಬರ್", "ಅಕ್ಟೋಬರ್", "ನವೆಂಬರ್", "ಡಿಸೆಂಬರ್"},
	"ml":    {"ജനുവരി", "ഫെബ്രുവരി", "മാർച്ച്", "ഏപ്രിൽ", "മേയ്", "ജൂൺ", "ജൂലൈ", "ഓഗസ്റ്റ്", "സെപ്റ്റംബർ", "ഒക്ടോബർ", "നവംബർ", "ഡിസംബർ"},
	"mr":    {"जानेवारी", "फेब्रुवारी", "मार्च", "एप्रिल", "मे", "जून", "जुलै", "ऑगस्ट", "सप्टेंबर", "ऑक्टोबर", "नोव्हेंबर", "डिसेंबर"},
	"pa":    {"ਜਨਵਰੀ", "ਫ਼ਰਵਰੀ", "ਮਾਰਚ", "ਅਪ੍ਰੈਲ", "ਮਈ", "ਜੂਨ", "ਜੁਲਾਈ", "ਅਗਸਤ", "ਸਤੰਬਰ", "ਅਕਤੂਬਰ", "ਨਵੰਬਰ", "ਦਸੰਬਰ"},
	"ta":    {"ஜனவரி", "பிப்ரவரி", "மார்ச்", "ஏப்ரல்", "மே", "ஜூன்", "ஜூலை", "ஆகஸ்ட்", "செப்டம்பர்", "அக்டோபர்", "நவம்பர்", "டிசம்பர்"},
	"te":    {"జనవరి", "ఫిబ్రవరి", "మార్చి", "ఏప్రిల్", "మే", "జూన్", "జులై", "ఆగస్టు", "సెప్టెంబర్", "అక్టోబర్", "నవంబర్", "డిసెంబర్"},
	"ur":    {"جنوری", "فروری", "مارچ", "اپریل", "مئی", "جون", "جولائی", "اگست", "ستمبر", "اکتوبر", "نومبر", "دسمبر"},
}

// isoDate matches what may be dates such as 2026-06-01.
var isoDate = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b`)

// readable writes a text so that a voice reads it as people do: dates such as 2026-06-01
// with the name of the month, if it is known in the language, and digits in a row one by
// one if there are more than six, as in the numbers of telephones and bills. The voice
// reads shorter numbers itself.
func readable(language, text string) string {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	if names, ok := months[primary]; ok {
		text = isoDate.ReplaceAllStringFunc(text, func(date string) string {
			t, err := time.Parse(time.DateOnly, date)
			if err != nil {
				return date
			}
			return strconv.Itoa(t.Day()) + " " + names[t.Month()-1] + " " + strconv.Itoa(t.Year())
		})
	}
	return spellDigits(text)
}

// wordless reports whether a text has nothing to say: only blanks and marks between words,
// as what is left of a text whose variables have no values.
func wordless(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.IsControl(r) && !strings.ContainsRune(".,;:!?…-–—'\"()[]{}।॥", r)
	})
}

// longestNumber is how many digits in a row are read as a number.
const longestNumber = 6

// spellDigits puts blanks between the digits of numbers longer than longestNumber.
func spellDigits(text string) string {
	var b strings.Builder
	var row []rune // digits that were not written yet
	write := func() {
		for i, digit := range row {
			if i > 0 && len(row) > longestNumber {
				b.WriteByte(' ')
			}
			b.WriteRune(digit)
		}
		row = row[:0]
	}
	for _, r := range text {
		if unicode.IsDigit(r) {
			row = append(row, r)
			continue
		}
		write()
		b.WriteRune(r)
	}
	write()
	return b.String()
}
