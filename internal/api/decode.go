package api

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/fault"
)

// maxItems is how many items a bulk request may have.
const maxItems = 5000

// bulkRequest is a kind of request with an array of items under one key.
type bulkRequest[T any] struct {
	key fault.Field // of the array
	// outline returns a pointer to what encoding/json would read such a request
	// into.
	outline func() any
	// read reads one item. Its error is the body's; what is wrong with the item
	// alone goes into the item.
	read func(*decoder, *T) error
}

// decode reads the items of a body. Only a body that is no JSON object, or
// whose items are no array, fails as a whole; so do too many items, or none.
func (q *bulkRequest[T]) decode(body []byte) ([]T, error) {
	d := newDecoder(body)
	var items []T
	var count int
	err := d.document(func() error {
		return d.object(func(name string) error {
			if !strings.EqualFold(name, string(q.key)) {
				return d.dec.SkipValue()
			}
			var err error
			items, count, err = q.array(d)
			return err
		})
	})
	switch {
	case err != nil:
		return nil, unparsable(body, q.outline(), err)
	case count == 0:
		return nil, fault.Mandatory(q.key)
	case count > maxItems:
		return nil, fault.TooLong(q.key, maxItems)
	}
	return items, nil
}

// array reads the items, and counts those over the limit too. Null is none.
func (q *bulkRequest[T]) array(d *decoder) (items []T, count int, err error) {
	switch d.dec.PeekKind() {
	case 'n':
		return nil, 0, d.dec.SkipValue()
	case '[':
	default:
		return nil, 0, d.wrongShape()
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return nil, 0, err
	}
	const leastItem = 192 // bytes; fewer have less, and append sees to those
	items = make([]T, 0, min(maxItems, 1+len(d.text)/leastItem))
	for d.dec.PeekKind() != ']' {
		if count++; count > maxItems {
			err = d.dec.SkipValue()
		} else {
			var none T
			items = append(items, none)
			err = q.read(d, &items[len(items)-1])
		}
		if err != nil {
			return nil, 0, err
		}
	}
	_, err = d.dec.ReadToken()
	return items, count, err
}

// decodeOne reads a body that is itself one item, a change. One whose keys all mean
// nothing is answered with noKnownField: its sender expects a change, and would be
// told of a success. A body without keys asks for nothing.
func decodeOne[T any](body []byte, noKnownField error, read func(*decoder, *T) error) (item T, err error) {
	if emptyArray(body) {
		return item, nil
	}
	d := newDecoder(body)
	if err := d.document(func() error { return read(d, &item) }); err != nil {
		return item, unparsable(body, new(struct{}), err)
	}
	if d.unknown && !d.known {
		return item, noKnownField
	}
	return item, nil
}

// unparsable describes a body that is not as it must be in the words of
// encoding/json, which the platform answers with.
func unparsable(body []byte, outline any, err error) error {
	if stdErr := stdjson.Unmarshal(body, outline); stdErr != nil {
		err = stdErr
	}
	return fault.New(fault.Unparsable, strings.TrimPrefix(err.Error(), "jsontext: "))
}

// item is what the outline of a bulk request has an array of.
type item struct{}

// UnmarshalJSON takes anything: items are judged one by one.
func (item) UnmarshalJSON([]byte) error { return nil }

// decoder reads a body in one pass.
type decoder struct {
	dec *jsontext.Decoder
	// text is the body as a string. What needs no unquoting is a part of it,
	// so that a field costs no allocation.
	text string
	// known and unknown tell whether item has met keys that it knows, and others.
	known, unknown bool
}

func newDecoder(body []byte) *decoder {
	return &decoder{
		// The platform takes what encoding/json takes: of a key that comes
		// twice the last counts, and bad UTF-8 is found item by item.
		dec: jsontext.NewDecoder(bytes.NewBuffer(body),
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		text: string(body),
	}
}

var errWrongShape = errors.New("the body must be a JSON object")

// document reads a body: an object, which read takes, and nothing after it.
func (d *decoder) document(read func() error) error {
	if d.dec.PeekKind() != '{' {
		return d.wrongShape()
	}
	if err := read(); err != nil {
		return err
	}
	switch _, err := d.dec.ReadToken(); {
	case err == nil:
		return errors.New("invalid data after top-level value")
	case err == io.EOF:
		return nil
	default:
		return err
	}
}

// wrongShape is for a value of the wrong kind. Where it is not even JSON, that
// is what the error says.
func (d *decoder) wrongShape() error {
	if err := d.dec.SkipValue(); err != nil {
		return err
	}
	return errWrongShape
}

// object reads the object that comes next. Value is called at each of its keys
// and reads what stands there.
func (d *decoder) object(value func(name string) error) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	for d.dec.PeekKind() != '}' {
		name, err := d.name()
		if err == nil {
			err = value(name)
		}
		if err != nil {
			return err
		}
	}
	_, err := d.dec.ReadToken()
	return err
}

// name reads an object's key.
func (d *decoder) name() (string, error) {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return "", err
	}
	name, _ := d.unquote(raw)
	return name, nil
}

// source returns the part of text that the value just read is.
func (d *decoder) source(raw jsontext.Value) string {
	end := int(d.dec.InputOffset())
	return d.text[end-len(raw) : end]
}

// unquote returns what a JSON string stands for; the error means that it has
// no valid UTF-8.
func (d *decoder) unquote(raw jsontext.Value) (string, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		quoted := d.source(raw)
		return quoted[1 : len(quoted)-1], nil // Book looks at the UTF-8
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return string(text), err
}
