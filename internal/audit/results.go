package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
)

// ErrUnchanged is the error of a result that neither failed nor changed anything.
var ErrUnchanged = errors.New("unchanged")

// Results returns the change of a bulk write with these results. Subject returns the sid
// of what a result has changed, or the error with which it has failed.
func Results[R any, S ~[16]byte](action Action, results []R, subject func(*R) (S, error)) Change {
	c := Change{Action: action}
	sids := make([]S, 0, len(results))
	for i := range results {
		switch sid, err := subject(&results[i]); {
		case err == nil:
			sids = append(sids, sid)
		case !errors.Is(err, ErrUnchanged):
			c.Failed++
		}
	}
	c.Subjects, c.Done = Some(sids), len(sids)
	return c
}

// ChangedKeys returns the keys of two JSON objects whose values differ, in order.
func ChangedKeys(before, after []byte) (keys []string) {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(before, &a) != nil || json.Unmarshal(after, &b) != nil {
		return nil
	}
	for key, value := range b {
		if !bytes.Equal(a[key], value) {
			keys = append(keys, key)
		}
		delete(a, key)
	}
	keys = slices.AppendSeq(keys, maps.Keys(a))
	slices.Sort(keys)
	return keys
}
