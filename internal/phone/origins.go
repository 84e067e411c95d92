package phone

import (
	"slices"
	"strings"
)

// Origins are the numbers that [Number.Origin] says certain things of. The zero Origins
// are all numbers.
type Origins struct {
	// In are the regions of which a number may be, and NotIn those of which it may not
	// be; "" is the unknown region. A nil In has every region.
	In, NotIn []string
	// Lines are the kinds of lines that a number may lead to; nil has every kind.
	Lines []Line
}

// All reports whether every number is among them.
func (o *Origins) All() bool { return o.In == nil && o.NotIn == nil && o.Lines == nil }

// Has reports whether the number is among them.
func (o *Origins) Has(n Number) bool {
	region, line := n.Origin()
	return (o.In == nil || slices.Contains(o.In, region)) && !slices.Contains(o.NotIn, region) &&
		(o.Lines == nil || slices.Contains(o.Lines, line))
}

// Ranges returns ranges that have all of the numbers, and others, in any order; nil where
// it has none to tell.
func (o *Origins) Ranges() []Range {
	if o.In == nil {
		return nil
	}
	ranges := []Range{}
	for _, region := range o.In {
		code := RegionCallingCode(region)
		if code == 0 {
			return nil // the unknown region and "001" have several
		}
		for _, r := range code.Numbers() {
			if !slices.Contains(ranges, r) {
				ranges = append(ranges, r)
			}
		}
	}
	return ranges
}

// lineNames are the names of kinds of lines in addresses and requests.
var lineNames = [...]string{
	UnknownLine: "unknown", Mobile: "mobile", FixedLine: "fixed_line", FixedOrMobile: "fixed_line_or_mobile",
	TollFree: "toll_free", VoIP: "voip", OtherLine: "other",
}

// Lines returns every kind of line.
func Lines() []Line {
	all := make([]Line, len(lineNames))
	for i := range all {
		all[i] = Line(i)
	}
	return all
}

// String returns the kind's name in addresses and requests, as "fixed_line".
func (l Line) String() string { return lineNames[l] }

// ParseLine returns the kind of line that [Line.String] names so.
func ParseLine(name string) (Line, bool) {
	i := slices.Index(lineNames[:], name)
	return Line(max(i, 0)), i >= 0
}

// UnknownRegion is the name in addresses and requests of the region "", which is unknown.
const UnknownRegion = "unknown"

// ParseRegion returns the region that a request names, in any case: by its ISO 3166-1
// code, [UnknownRegion], or "001" for numbers of no country.
func ParseRegion(name string) (region string, ok bool) {
	if strings.EqualFold(name, UnknownRegion) {
		return "", true
	}
	region = strings.ToUpper(name)
	return region, region == "001" || RegionCallingCode(region) != 0
}
