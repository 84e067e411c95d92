package imports

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

var (
	extension = regexp.MustCompile(`(?i)\.(csv|tsv|txt|xlsx|xls)$`)
	// copyMark is what systems add to the name of a file that is there already.
	copyMark = regexp.MustCompile(`(?i)\s*(\(\d+\)|- copy|copy)$`)
	// dates are dates with their times of day, as programs put them into the names of
	// files. What stands before and behind must be no digit or letter.
	dates = regexp.MustCompile(`\b(?:(?:19|20)\d\d([- .]?)(?:0[1-9]|1[0-2])(?:[- .]?(?:0[1-9]|[12]\d|3[01]))?|(?:0?[1-9]|[12]\d|3[01])([- .])(?:0?[1-9]|1[0-2])[- .](?:19|20)\d\d)(?:[T ,-]+(?:at )?[0-2]?\d[-.: ]?[0-5]\d(?:[-.: ]?[0-5]\d)?(?:\.\d+)?(?: ?[AaPp][Mm])?Z?)?\b`)
	// joiner is a hyphen that joins words, and no digits.
	joiner = regexp.MustCompile(`(\pL)-+(\pL|\d)`)
	blanks = regexp.MustCompile(`\s+`)
)

// namesOf returns names for a list of the contacts in a file, the best first: the
// file's name without what is of no use to a person, and the same with its date, if it
// has one. There is always one.
func namesOf(file string) []string {
	name := file
	if at := strings.LastIndexAny(name, `/\`); at >= 0 {
		name = name[at+1:]
	}
	for extension.MatchString(name) {
		name = extension.ReplaceAllString(name, "")
	}
	if !strings.ContainsFunc(name, unicode.IsSpace) {
		name = joiner.ReplaceAllString(name, "$1 $2")
	}
	name = strings.Map(func(r rune) rune {
		if r == '_' || r == '+' || unicode.IsSpace(r) || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, name)
	for copyMark.MatchString(name) {
		name = copyMark.ReplaceAllString(name, "")
	}
	short := tidy(dates.ReplaceAllString(name, " "))
	long := tidy(name)
	switch {
	case short == "" && long == "":
		return []string{"Contacts"}
	case short == "" || short == long:
		return []string{long}
	}
	return []string{short, long}
}

// tidy joins the words of a name, without marks around them, and begins it with a
// capital letter.
func tidy(name string) string {
	name = strings.Trim(blanks.ReplaceAllString(name, " "), " -.,")
	first, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	name = string(unicode.ToUpper(first)) + name[size:]
	if runes := []rune(name); len(runes) > addressbook.MaxTextLength-4 { // which leaves room for a number
		name = strings.TrimSpace(string(runes[:addressbook.MaxTextLength-4]))
	}
	return name
}

// numbered is how many numbers are tried behind a name that is taken.
const numbered = 99

// proposeName returns a name for a new list of a file's contacts. Nobody is to add
// them to a list that is there by leaving the proposal as it is.
func (room *Room) proposeName(r *http.Request, file string) (string, error) {
	names := namesOf(file)
	last := names[len(names)-1]
	for n := 2; n <= numbered; n++ {
		names = append(names, last+" "+strconv.Itoa(n))
	}
	for _, name := range names {
		_, err := room.Book.ListByName(r.Context(), shell.AccountOf(r), name)
		if fault.Is(err, fault.NotFound) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil // the person names it
}
