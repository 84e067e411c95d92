package keys

import (
	"net/http"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// overlaps are how long the old key of a rotation works on, by the values of the form. Done
// is said afterwards.
var overlaps = []struct {
	value, label, done string
	overlap            time.Duration
}{
	{"0", "Not at all", "The old key no longer works.", 0},
	{"1h", "For an hour", "The old key works for another hour.", time.Hour},
	{"1d", "For a day", "The old key works for another day.", 24 * time.Hour},
	{"7d", "For a week", "The old key works for another week.", 7 * 24 * time.Hour},
	{"30d", "For 30 days", "The old key works for another 30 days.", 30 * 24 * time.Hour},
}

// usualOverlap is the value that the form begins with.
const usualOverlap = "1d"

// rotation is the data of the template key-rotate.html.
type rotation struct {
	Key     keyRow
	Overlap shell.Field
	// Mine means that the visitor's own session ends with the key.
	Mine bool
}

func (room *Room) newRotation(r *http.Request) (rotation, error) {
	key, err := room.Accounts.KeyOf(r.Context(), shell.AccountOf(r), r.PathValue("id"))
	if err != nil {
		return rotation{}, err
	}
	page := rotation{
		Key: keyRow{key, may(key.Access)}, Mine: shell.SessionOf(r).Key == key.ID,
		Overlap: shell.Field{Name: "overlap", Label: "The old key works on", Type: "select", Value: usualOverlap},
	}
	for _, o := range overlaps {
		if o.overlap > 0 || !page.Mine {
			page.Overlap.Options = append(page.Overlap.Options, shell.Option{Value: o.value, Label: o.label})
		}
	}
	return page, nil
}

func (room *Room) rotatePage(r *http.Request) (shell.Answer, error) {
	page, err := room.newRotation(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if page.Key.Ended(room.Clock.Now()) {
		return shell.GoTo("/api").Noting("The key has ended already. Create a new one."), nil
	}
	values, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if chosen := values.Get("overlap"); chosen != "" {
		page.Overlap.Value = chosen
	}
	return pages.Show("key-rotate", "Rotate an API key", page), nil
}

// rotateKey redirects to the page that shows the token of the new key, as createKey does.
func (room *Room) rotateKey(r *http.Request) (shell.Answer, error) {
	page, err := room.newRotation(r)
	if err != nil {
		return shell.Answer{}, err
	}
	page.Overlap.Value = r.PostForm.Get("overlap")
	for _, o := range overlaps {
		if o.value != page.Overlap.Value || o.overlap == 0 && page.Mine {
			continue
		}
		key, token, err := room.makeRotated(r, page.Key.ID, o.overlap)
		if fault.Is(err, fault.Duplicate) {
			return shell.SentAlready("/api/keys/" + key.ID + "/created"), nil
		}
		if f := fault.As(err); fault.Is(err, fault.Invalid) {
			return shell.GoTo("/api").Noting(words.Sentence(f)), nil
		}
		if err != nil {
			return shell.Answer{}, err
		}
		return shell.GoTo("/api/keys/" + key.ID + "/created").Saying(o.done).Handing(token), nil
	}
	page.Overlap.Error = "Choose one of these."
	return pages.Show("key-rotate", "Rotate an API key", page).Invalid(), nil
}

// makeRotated rotates a key. If two servers get the same form at the same moment, they
// create only one key.
func (room *Room) makeRotated(r *http.Request, id string, overlap time.Duration) (key account.Key, token string, err error) {
	form, once := shell.FormHash(r)
	if once {
		return room.Accounts.RotateKeyOnce(r.Context(), form, id, overlap)
	}
	key, token, _, _, err = room.Accounts.RotateKey(r.Context(), id, overlap)
	return key, token, err
}
