package main

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/journal"
	"callbook/internal/trash"
	"callbook/internal/upload"
)

const day = 24 * time.Hour

// spanUnits are the units of the parts of a duration.
var spanUnits = map[string]time.Duration{
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"mo": 30 * day, "month": 30 * day,
	"s": time.Second, "second": time.Second,
	"h": time.Hour, "hour": time.Hour,
	"d": day, "day": day,
	"w": 7 * day, "week": 7 * day,
	"y": 365 * day, "year": 365 * day,
}

// aboutUnits is the part of an error about units.
const aboutUnits = "write a number and m for minutes, h for hours, d for days, w for weeks, mo for months or y for years, as 12h, 90d or 6mo"

var (
	spanPart = regexp.MustCompile(`^(\d+) ?([a-z]+) ?`)
	errSpan  = errors.New("not a span of time")
)

// parseSpan parses a duration such as 90d, 6mo, "2 weeks" or 1h30m. A month has 30 days
// and a year 365. A longer duration than 292 years becomes that.
func parseSpan(text string) (time.Duration, error) {
	rest := strings.ToLower(strings.TrimSpace(text))
	if rest == "" {
		return 0, errSpan
	}
	var total time.Duration
	for rest != "" {
		part := spanPart.FindStringSubmatch(rest)
		if part == nil {
			return 0, errSpan
		}
		n, err := strconv.ParseInt(part[1], 10, 64)
		unit := spanUnits[part[2]]
		if unit == 0 && len(part[2]) > 3 {
			unit = spanUnits[strings.TrimSuffix(part[2], "s")]
		}
		if unit == 0 {
			return 0, errSpan
		}
		if err != nil || n > int64((math.MaxInt64-total)/unit) {
			return math.MaxInt64, nil
		}
		total += time.Duration(n) * unit
		rest = rest[len(part[0]):]
	}
	return total, nil
}

// spanWords returns a duration in the largest unit that divides it, such as "90 days".
func spanWords(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d%u.unit == 0 {
			n := d / u.unit
			if n == 1 {
				return "1 " + u.name
			}
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return d.String()
}

// lifetime is how long a key is valid.
type lifetime time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *lifetime) UnmarshalText(text []byte) error {
	d, err := parseSpan(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("%q is no time that a key can be good for: %s", text, aboutUnits)
	case d == 0:
		return fmt.Errorf("%q is no time at all: leave the flag out for a key that is good until it is revoked", text)
	case d > account.MaxKeyLifetime:
		return fmt.Errorf("%q is too long: a key is good for ten years at most, or until it is revoked when the flag is left out", text)
	}
	*l = lifetime(d)
	return nil
}

// callTime is a part of a call.
type callTime time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (t *callTime) UnmarshalText(text []byte) error {
	d, err := parseSpan(string(text))
	if err != nil {
		return fmt.Errorf("%q is no time that a part of a call takes: write a number and s for seconds or m for minutes, as 45s or 10m", text)
	}
	*t = callTime(d)
	return nil
}

// retention is how long something is stored: a duration, or 0 or "forever" for no limit.
type retention time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *retention) UnmarshalText(text []byte) error {
	if s := string(text); s == "forever" || s == "0" {
		*r = retention(upload.Forever)
		return nil
	}
	d, err := parseSpan(string(text))
	if err != nil {
		return fmt.Errorf("%q is no time to keep something for: %s, or forever", text, aboutUnits)
	}
	if d < time.Hour {
		return fmt.Errorf("%q is %s, and the least is an hour: m is minutes, mo is months, and forever keeps everything", text, spanWords(d))
	}
	*r = retention(d)
	return nil
}

// keepDeleted is how long deleted things stay in the trash. It is like retention, except
// that 0 means not at all.
type keepDeleted time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (k *keepDeleted) UnmarshalText(text []byte) error {
	if string(text) == "0" {
		*k = keepDeleted(trash.None)
		return nil
	}
	var r retention
	if err := r.UnmarshalText(text); err != nil {
		return fmt.Errorf("%w, or 0 to keep nothing", err)
	}
	if *k = keepDeleted(r); time.Duration(r) == upload.Forever {
		*k = keepDeleted(trash.Forever)
	}
	return nil
}

// receiptsKeep is how long answers to requests with an Idempotency-Key are stored.
type receiptsKeep time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (k *receiptsKeep) UnmarshalText(text []byte) error {
	d, err := parseSpan(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("%q is no time to keep answers for: %s", text, aboutUnits)
	case d < journal.Lifetime:
		return fmt.Errorf("%q is %s, and the least is a day, for which every answer is promised to be kept", text, spanWords(d))
	case d > 365*day:
		return fmt.Errorf("%q is too long: answers hold what was sent, and are kept for a year at most", text)
	}
	*k = receiptsKeep(d)
	return nil
}
