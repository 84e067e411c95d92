package phone

import (
	"slices"
	"strings"
)

// Origins is a set of numbers, selected by [Number.Origin]. The zero Origins has all
// numbers.
type Origins struct {
	// In has the regions of the numbers in the set, and NotIn the excluded regions; "" is
	// the unknown region. A nil In means all regions.
	In, NotIn []string
	// Lines has the kinds of lines of the numbers in the set; nil means all kinds.
	Lines []Line
}

// All reports whether the set has all numbers.
func (o *Origins) All() bool { return o.In == nil && o.NotIn == nil && o.Lines == nil }

// Has reports whether the set has the number.
func (o *Origins) Has(n Number) bool {
	region, line := n.Origin()
	return (o.In == nil || slices.Contains(o.In, region)) && !slices.Contains(o.NotIn, region) &&
		(o.Lines == nil || slices.Contains(o.Lines, line))
}

// Ranges returns ranges that contain all numbers of the set, and perhaps others, in any
// order. Nil means that the set may have numbers in any range.
func (o *Origins) Ranges() []Range {
	if o.In == nil {
		return nil
	}
	ranges := []Range{}
	for _, region := range o.In {
		code := RegionCallingCode(region)
		if code == 0 {
			return nil // the unknown region and "001" have several calling codes
		}
		for _, r := range code.Numbers() {
			if !slices.Contains(ranges, r) {
				ranges = append(ranges, r)
			}
		}
	}
	return ranges
}

// lineNames are the names of kinds of lines in URLs and requests.
var lineNames = [...]string{
	UnknownLine: "unknown", Mobile: "mobile", FixedLine: "fixed_line", FixedOrMobile: "fixed_line_or_mobile",
	TollFree: "toll_free", VoIP: "voip", OtherLine: "other",
}

// Lines returns all kinds of lines.
func Lines() []Line {
	all := make([]Line, len(lineNames))
	for i := range all {
		all[i] = Line(i)
	}
	return all
}

// String returns the kind's name in URLs and requests, such as "fixed_line".
func (l Line) String() string { return lineNames[l] }

// ParseLine returns the kind of line with this name; see [Line.String].
func ParseLine(name string) (Line, bool) {
	i := slices.Index(lineNames[:], name)
	return Line(max(i, 0)), i >= 0
}

// UnknownRegion is the name of the region "" in URLs and requests.
const UnknownRegion = "unknown"

// ParseRegion returns the region with this name in a request, in any case. The name is an
// ISO 3166-1 code, [UnknownRegion], or "001" for numbers that belong to no country.
func ParseRegion(name string) (region string, ok bool) {
	if strings.EqualFold(name, UnknownRegion) {
		return "", true
	}
	region = strings.ToUpper(name)
	return region, region == "001" || RegionCallingCode(region) != 0
}
