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
	// copyMark matches what systems append to the names of copies.
	copyMark = regexp.MustCompile(`(?i)\s*(\(\d+\)|- copy|copy)$`)
	// dates matches dates and times in the names of files. No digit or letter may precede
	// or follow them.
	dates = regexp.MustCompile(`\b(?:(?:19|20)\d\d([- .]?)(?:0[1-9]|1[0-2])(?:[- .]?(?:0[1-9]|[12]\d|3[01]))?|(?:0?[1-9]|[12]\d|3[01])([- .])(?:0?[1-9]|1[0-2])[- .](?:19|20)\d\d)(?:[T ,-]+(?:at )?[0-2]?\d[-.: ]?[0-5]\d(?:[-.: ]?[0-5]\d)?(?:\.\d+)?(?: ?[AaPp][Mm])?Z?)?\b`)
	// joiner matches a hyphen that joins words, but not digits.
	joiner = regexp.MustCompile(`(\pL)-+(\pL|\d)`)
	blanks = regexp.MustCompile(`\s+`)
)

// namesOf returns names for a list, made from the name of its file, the best first:
// without dates and technical parts, and then with the date, if there is one. It returns
// at least one.
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

// tidy normalizes blanks, trims punctuation, and capitalizes the first letter.
func tidy(name string) string {
	name = strings.Trim(blanks.ReplaceAllString(name, " "), " -.,")
	first, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	name = string(unicode.ToUpper(first)) + name[size:]
	if runes := []rune(name); len(runes) > addressbook.MaxTextLength-4 { // leave room for a number
		name = strings.TrimSpace(string(runes[:addressbook.MaxTextLength-4]))
	}
	return name
}

// numbered is the largest number to append to a name that is taken.
const numbered = 99

// proposeName returns a name for a new list. It proposes no existing list, because then
// people would add to that list by accident.
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
	return "", nil // the visitor must choose a name
}
