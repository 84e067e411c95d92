package main

import (
	"fmt"
	"time"

	"callbook/internal/upload"
)

// retention is how long something is kept: a time as 90d or 12h, or "forever",
// which 0 means too.
type retention time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *retention) UnmarshalText(text []byte) error {
	if s := string(text); s == "forever" || s == "0" {
		*r = retention(upload.Forever)
		return nil
	}
	d, err := parseSpan(string(text))
	if err != nil || d < time.Hour {
		return fmt.Errorf("%q is no time to keep something for: write it as 90d or 12h, an hour at least, or forever", text)
	}
	*r = retention(d)
	return nil
}
