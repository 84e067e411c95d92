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

// maxItems bounds the items of a bulk request.
const maxItems = 5000

// bulkRequest describes a request with an array of items under one key.
type bulkRequest[T any] struct {
	key fault.Field // of the array
	// outline returns a pointer to a value into which encoding/json could read the
	// request. It is for error messages.
	outline func() any
	// read reads one item. It returns an error only if the whole body is invalid. A
	// mistake in the item alone goes into the item.
	read func(*decoder, *T) error
}

// decode reads the items of a body. The body fails as a whole only if it is not a JSON
// object, has no array of items, or has too many items or none.
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

// array reads the items, and counts those beyond the limit too. Null counts as no items.
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
	const leastItem = 192 // a lower estimate of an item's size, in bytes; append grows the slice for smaller ones
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

// decodeOne reads a body that is a single item, a change. If all of its keys are unknown,
// the error is noKnownField: the sender expects a change, and must not be told of
// success. A body without keys changes nothing.
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

// unparsable returns the fault of an invalid body. Its words are those of encoding/json,
// with which Exotel answers.
func unparsable(body []byte, outline any, err error) error {
	if stdErr := stdjson.Unmarshal(body, outline); stdErr != nil {
		err = stdErr
	}
	return fault.New(fault.Unparsable, strings.TrimPrefix(err.Error(), "jsontext: "))
}

// item is the type of the array's elements in an outline.
type item struct{}

// UnmarshalJSON accepts anything, because items are read one by one.
func (item) UnmarshalJSON([]byte) error { return nil }

// decoder reads a body in one pass.
type decoder struct {
	dec *jsontext.Decoder
	// text is the body as a string. A value without escapes is a substring of it, so that
	// reading a field allocates nothing.
	text string
	// known and unknown tell whether the current item had known and unknown keys.
	known, unknown bool
}

func newDecoder(body []byte) *decoder {
	return &decoder{
		// Accept what encoding/json accepts, as Exotel does: the last of duplicate keys
		// counts. Invalid UTF-8 is a fault of its item.
		dec: jsontext.NewDecoder(bytes.NewBuffer(body),
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		text: string(body),
	}
}

var errWrongShape = errors.New("the body must be a JSON object")

// document reads a body: one object, which read reads, and nothing after it.
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

// wrongShape returns the error of a value of the wrong type, or of invalid JSON.
func (d *decoder) wrongShape() error {
	if err := d.dec.SkipValue(); err != nil {
		return err
	}
	return errWrongShape
}

// object reads the next object. It calls value with each key, to read the value.
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

// source returns the substring of text that was read as raw.
func (d *decoder) source(raw jsontext.Value) string {
	end := int(d.dec.InputOffset())
	return d.text[end-len(raw) : end]
}

// unquote returns the string that a JSON string stands for. The error means that it is
// not valid UTF-8.
func (d *decoder) unquote(raw jsontext.Value) (string, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		quoted := d.source(raw)
		return quoted[1 : len(quoted)-1], nil // Book checks the UTF-8
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return string(text), err
}
