package api

import (
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// parseKinds reads the filters of contacts by region, kind of line, tag and upload.
func (w window) parseKinds(query *addressbook.Query) error {
	for word, into := range map[string]*[]string{
		"regions":        &query.Origins.In,
		"except_regions": &query.Origins.NotIn,
	} {
		for _, name := range w.several(word) {
			region, ok := phone.ParseRegion(name)
			if !ok {
				return fault.New(fault.Invalid, "Invalid "+word+": each must be the ISO 3166-1 code of a country, as IN, or 001, or unknown")
			}
			*into = append(*into, region)
		}
	}
	for _, name := range w.several("line_types") {
		line, ok := phone.ParseLine(strings.ToLower(name))
		if !ok {
			return fault.New(fault.Invalid, "Invalid line_types: each must be mobile, fixed_line, fixed_line_or_mobile, toll_free, voip, other or unknown")
		}
		query.Origins.Lines = append(query.Origins.Lines, line)
	}
	switch text := w.words.Get("untagged"); {
	case strings.EqualFold(text, "true"):
		query.Untagged = true
	case text != "" && !strings.EqualFold(text, "false"):
		return fault.New(fault.Invalid, "Invalid untagged: it must be true or false")
	}
	for _, tag := range w.words["except_tags"] {
		if strings.IndexByte(tag, 0) >= 0 || !utf8.ValidString(tag) {
			return fault.New(fault.Invalid, "Invalid except_tags: they must be UTF-8 without the NUL character")
		}
		query.ExceptTags = append(query.ExceptTags, tag)
	}
	if text := w.words.Get("upload_sid"); text != "" {
		var ok bool
		if query.Upload, ok = addressbook.ParseSID(text); !ok || query.Upload == (addressbook.SID{}) {
			return fault.New(fault.Invalid, "Invalid upload_sid: it must be the sid of an upload, with 32 hexadecimal digits")
		}
	}
	return nil
}
