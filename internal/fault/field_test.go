package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestWords(t *testing.T) {
	t.Parallel()
	words := Words{
		Shorter: {"": "{field} has at most {max}", "tag": "cut the {field} to {max}"},
		Other:   {"": "{field}: {why}"},
	}.Titled(map[Field]string{"name": "Name", "tag": "Tag"})
	for want, f := range map[string]*Error{
		"Name has at most 255":     TooLong("name", 255),
		"cut the Tag to 0":         TooLong("tag", 0),
		"Name: {max} or {field}":   InvalidField("name", "{max} or {field}"),
		"there is no such {field}": New(NotFound, "there is no such {field}"),
		"":                         NotUTF8("name"),
	} {
		if got := words.Of(f); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAbout(t *testing.T) {
	t.Parallel()
	f := TooLong("name", 255)
	if got := f.About("list_name"); *got != *TooLong("list_name", 255) || *f != *TooLong("name", 255) {
		t.Errorf("got %+v of %+v", *got, *f)
	}
}

func TestIs(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("read: %w", &Error{Kind: Invalid, Cause: New(NotFound, "inside")})
	if !Is(err, Invalid) || Is(err, NotFound) || Is(nil, Invalid) || Is(errors.New("no fault"), Invalid) {
		t.Error("a kind is told wrongly")
	}
}
