package lists

import (
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// TestFieldsInForm checks that the form has a place for each field of a list.
func TestFieldsInForm(t *testing.T) {
	t.Parallel()
	for _, field := range []fault.Field{addressbook.FieldName, addressbook.FieldTag} {
		f := fault.TooLong(field, 7)
		form := newListForm("", "").refused(f)
		if got := map[fault.Field]string{addressbook.FieldName: form.Name.Error, addressbook.FieldTag: form.Tag.Error}[field]; got == "" {
			t.Errorf("the form does not tell of %q: %+v", field, form)
		}
	}
}
