package contacttable

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// Kinds returns the options of the filter by kind of number.
func (t Table) Kinds() []shell.Option {
	all := []shell.Option{{Label: "Any kind"}}
	for _, line := range phone.Lines() {
		all = append(all, shell.Option{Value: line.String(), Label: words.Line(line)})
	}
	return all
}

// Set is a filter that a link has set and that has no field. People can only remove it.
type Set struct{ Name, Value, Label string }

// Set returns the filter's parts that links have set.
func (f Filter) Set() (all []Set) {
	add := func(name, value, label string) {
		if value != "" {
			all = append(all, Set{name, value, label})
		}
	}
	add("tag_is", f.TagIs, "Tag is “"+f.TagIs+"”")
	add("tags_except", f.TagsExcept, "Tag is not "+several(ExceptTags(f.TagsExcept), func(tag string) string { return "“" + tag + "”" }))
	add("countries_except", f.CountriesExcept, "Country is not "+several(strings.Split(f.CountriesExcept, ","), regionName))
	add("import", f.Import, "Added by one import")
	return all
}

// several names the first of all, and says how many others there are.
func several(all []string, name func(string) string) string {
	const named = 2
	var texts []string
	for _, one := range all[:min(named, len(all))] {
		texts = append(texts, name(one))
	}
	if more := len(all) - len(texts); more > 0 {
		return strings.Join(texts, ", ") + fmt.Sprintf(" or %d more", more)
	}
	return strings.Join(texts, " or ")
}

// regionName returns the name of a region in a URL.
func regionName(name string) string {
	region, ok := phone.ParseRegion(name)
	switch {
	case !ok:
		return "“" + name + "”"
	case region == "":
		return "unknown"
	}
	return words.Country(region)
}

// TagsExcept returns the value of the filter for contacts that have a tag other than
// these.
func TagsExcept(tags []string) string {
	text, err := json.Marshal(tags)
	if err != nil { // strings can be encoded
		panic(err)
	}
	return string(text)
}

// ExceptTags parses a value of [TagsExcept]. It returns nil for anything else.
func ExceptTags(value string) (tags []string) {
	if json.Unmarshal([]byte(value), &tags) != nil {
		return nil
	}
	return tags
}

// kinds adds the filter's countries, kinds of numbers, tags and import to a query. If one
// is invalid, wrong explains that.
func (f Filter) kinds(q *addressbook.Query) (wrong string) {
	q.Tag, q.Untagged = f.TagIs, f.Untagged != ""
	if f.Country != "" {
		if code, err := strconv.Atoi(f.Country); err == nil && f.Country != "001" && len(phone.CallingCode(code).Regions()) > 0 {
			q.Numbers = phone.CallingCode(code).Numbers()
		} else if region, ok := phone.ParseRegion(f.Country); ok {
			q.Origins.In = []string{region}
		} else {
			return "There is no country “" + f.Country + "”."
		}
	}
	if f.CountriesExcept != "" {
		for name := range strings.SplitSeq(f.CountriesExcept, ",") {
			region, ok := phone.ParseRegion(name)
			if !ok {
				return "There is no country “" + name + "”."
			}
			q.Origins.NotIn = append(q.Origins.NotIn, region)
		}
	}
	if f.Kind != "" {
		line, ok := phone.ParseLine(f.Kind)
		if !ok {
			return "There is no kind of numbers called “" + f.Kind + "”."
		}
		q.Origins.Lines = []phone.Line{line}
	}
	if f.TagsExcept != "" {
		if q.ExceptTags = ExceptTags(f.TagsExcept); q.ExceptTags == nil {
			return "“" + f.TagsExcept + "” are no tags."
		}
	}
	if f.Import != "" {
		var ok bool
		if q.Upload, ok = addressbook.ParseSID(f.Import); !ok || q.Upload == (addressbook.SID{}) {
			return "There is no such import."
		}
	}
	return ""
}

// country returns the words for the filter's country.
func (f Filter) country() string {
	i := slices.IndexFunc(countries(), func(o shell.Option) bool { return o.Value == f.Country })
	switch {
	case f.Country == "":
		return ""
	case i >= 0:
		return countries()[i].Label
	}
	return "+" + f.Country
}
