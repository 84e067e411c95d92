package person

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"slices"
)

// span is a part of a text, in bytes.
type span struct{ from, to int }

// walk finds the values of a JSON text in which a person is.
type walk struct {
	text  []byte
	dec   *json.Decoder
	holds func(string) bool
	spans []span
	// whole finds the innermost objects around what holds the person. Otherwise walk finds
	// the single values, and those under keys.
	whole bool
	keys  []string
}

// find returns the spans. The error is that of a text that is not JSON.
func (w *walk) find() ([]span, error) {
	w.dec = json.NewDecoder(bytes.NewReader(w.text))
	w.dec.UseNumber()
	at, found, err := w.value("")
	if err != nil {
		return nil, err
	}
	if _, err := w.dec.Token(); err != io.EOF {
		return nil, errNotJSON
	}
	if found && w.text[at.from] == '[' {
		w.add(at) // it has no object around the person
	}
	return w.spans, nil
}

// add adds a span, in place of those within it.
func (w *walk) add(s span) {
	w.spans = slices.DeleteFunc(w.spans, func(inner span) bool { return inner.from >= s.from })
	w.spans = append(w.spans, s)
}

// value reads a value under a key, or one without a key for "". Found reports whether it
// holds the person, and no object in it was added for that.
func (w *walk) value(key string) (at span, found bool, err error) {
	at.from = int(w.dec.InputOffset())
	token, err := w.dec.Token()
	if err != nil {
		return at, false, err
	}
	for bytes.IndexByte([]byte(" \t\r\n,:"), w.text[at.from]) >= 0 {
		at.from++
	}
	switch token := token.(type) {
	case json.Delim:
		for w.dec.More() {
			key := key
			if token == '{' {
				name, err := w.dec.Token()
				if err != nil {
					return at, false, err
				}
				key = name.(string)
				found = found || w.whole && w.holds(key)
			}
			_, holds, err := w.value(key)
			if err != nil {
				return at, false, err
			}
			found = found || holds
		}
		if _, err := w.dec.Token(); err != nil {
			return at, false, err
		}
	case string:
		found = w.holds(token) || token != "" && slices.Contains(w.keys, key)
	case json.Number:
		found = w.holds(token.String())
	}
	at.to = int(w.dec.InputOffset())
	object := w.text[at.from] == '{'
	if found && w.whole == object && w.text[at.from] != '[' {
		w.add(at)
		found = false
	}
	return at, found, nil
}

// replace returns the text with other bytes in place of the spans, which are sorted.
func replace(text []byte, spans []span, by string) []byte {
	var out []byte
	at := 0
	for _, s := range spans {
		out = append(append(out, text[at:s.from]...), by...)
		at = s.to
	}
	return append(out, text[at:]...)
}

// Answer takes a person out of the body of a stored answer: each object that holds the
// person becomes null. It returns these objects, and none if the body does not hold the
// person. A body that is not JSON is taken whole. So is one that is a text, the address to
// which a form led, if the number is in it; a sid in it leads nowhere without the contact.
func (m *Matcher) Answer(body []byte) (rest []byte, parts []json.RawMessage) {
	var address string
	if json.Unmarshal(body, &address) == nil {
		if !m.inAddress(address) {
			return body, nil
		}
		return []byte("null"), []json.RawMessage{bytes.Clone(body)}
	}
	w := walk{text: body, holds: m.Holds, whole: true}
	spans, err := w.find()
	if err != nil {
		if !m.Holds(string(body)) {
			return body, nil
		}
		text, _ := json.Marshal(string(body)) // a string
		return []byte("null"), []json.RawMessage{text}
	}
	for _, s := range spans {
		parts = append(parts, bytes.Clone(body[s.from:s.to]))
	}
	return replace(body, spans, "null"), parts
}

// inAddress reports whether an address has the number. Its query may have another address.
func (m *Matcher) inAddress(address string) bool {
	const deepest = 3
	for range deepest {
		if m.spelled(address) {
			return true
		}
		inner, err := url.QueryUnescape(address)
		if err != nil || inner == address {
			break
		}
		address = inner
	}
	return false
}

// eventKeys are the keys of an event's body for what the callee has pressed.
var eventKeys = []string{"digits", "mark"}

// Event takes the number out of the body of an event to a target that has it, and what the
// callee has pressed. Told reports whether the body has the number.
func (m *Matcher) Event(body []byte) (rest []byte, told bool) {
	if !m.Holds(string(body)) {
		return body, false
	}
	w := walk{text: body, holds: m.Holds, keys: eventKeys}
	spans, err := w.find()
	if err != nil {
		return []byte("null"), true
	}
	return replace(body, spans, `"erased"`), true
}
