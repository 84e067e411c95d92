package addressbook_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/clock/clocktest"
)

type lastStore struct {
	addressbook.Store
	sid addressbook.SID
	err error
}

func (s lastStore) LastSID(context.Context) (addressbook.SID, error) { return s.sid, s.err }

// TestResume goes on from sids that a store has.
func TestResume(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 3, 9, 12, 0, 0, 0, time.UTC)
	at := func(now time.Time) (addressbook.SID, time.Time) {
		return addressbook.New(nil, addressbook.Options{Clock: clocktest.Func(func() time.Time { return now })}).Birth()
	}
	later, laterDate := at(now.Add(time.Hour))
	earlier, _ := at(now.Add(-time.Hour))
	for name, tt := range map[string]struct {
		stored addressbook.SID
		want   time.Time
	}{
		"nothing":       {addressbook.SID{}, now},
		"earlier":       {earlier, now},
		"later":         {later, laterDate.Add(time.Millisecond / 4096)},
		"not a book's":  {addressbook.SID{0: 0xff, 15: 1}, now},
		"all ones even": {addressbook.SID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, now},
	} {
		book := addressbook.New(lastStore{sid: tt.stored}, addressbook.Options{Clock: clocktest.Func(func() time.Time { return now })})
		if err := book.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		sid, date := book.Birth()
		if date.Sub(tt.want).Abs() > time.Microsecond {
			t.Errorf("%s: created at %v, want %v", name, date, tt.want)
		}
		if deleted := book.NewDeletion().Time(); deleted.Sub(tt.want).Abs() > time.Microsecond {
			t.Errorf("%s: deleted at %v, want %v", name, deleted, tt.want)
		}
		if name == "later" && sid.Prefix() != later.Prefix()+1 {
			t.Errorf("%v does not follow %v", sid, later)
		}
	}
	book := addressbook.New(lastStore{err: errors.ErrUnsupported}, addressbook.Options{})
	if err := book.Resume(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("the error is %v", err)
	}
}
