package openapitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// parse reads the one JSON value of a body. It is stricter than encoding/json:
// invalid UTF-8 and a key that comes twice are errors, because the server
// writes its answers by hand and could get these wrong. A custom_field may hold
// a key twice: it is echoed as the client sent it.
func parse(body []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	value, err := parseValue(d, true)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, errors.New("something follows the value")
	}
	return value, nil
}

func parseValue(d *jsontext.Decoder, unique bool) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		return parseObject(d, unique)
	case '[':
		list := []any{}
		for d.PeekKind() != ']' {
			value, err := parseValue(d, unique)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := d.ReadToken()
		return list, err
	case '"':
		return token.String(), nil
	case '0':
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil
}

func parseObject(d *jsontext.Decoder, unique bool) (any, error) {
	object := make(map[string]any)
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String()
		if _, twice := object[name]; twice && unique {
			return nil, fmt.Errorf("key %q comes twice, at %s", name, d.StackPointer())
		}
		if object[name], err = parseValue(d, unique && name != "custom_field"); err != nil {
			return nil, err
		}
	}
	_, err := d.ReadToken()
	return object, err
}
