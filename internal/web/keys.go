package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/fault"
)

// keysRoom is the pages of API keys, and of samples of what is done with them.
type keysRoom struct {
	Accounts *account.Directory
	Clock    clock.Clock
}

// Routes implements shell.Room.
func (room *keysRoom) Routes(d *Dashboard) {
	pages.Parse()
	d.navigation(navItem{Path: "/api", Label: "API", More: " settings", Icon: drawing(`<path d="m7 6-4 4 4 4m6-8 4 4-4 4"/>`)})
	d.handle("GET /api", room.keysPage)
	d.handle("POST /api/keys", room.createKey)
	d.handle("GET /api/keys/{id}/revoke", room.revokePage)
	d.handle("POST /api/keys/{id}/revoke", room.revokeKey)
	d.handle("GET /api/samples", room.samplesPage)
}

// lifetimes are what a key's may be, by the values of the form.
var lifetimes = []struct {
	value, label string
	lifetime     time.Duration
}{
	{"", "Never", 0},
	{"7", "In 7 days", 7 * 24 * time.Hour},
	{"30", "In 30 days", 30 * 24 * time.Hour},
	{"90", "In 90 days", 90 * 24 * time.Hour},
	{"365", "In a year", 365 * 24 * time.Hour},
}

// keysPage is what the template keys.html shows.
type keysPage struct {
	Tabs          []tab
	BaseURL       string
	Good, Ended   []account.Key // the newest first
	Name, Expires field
}

func (room *keysRoom) newKeysPage(r *http.Request) (keysPage, error) {
	page := keysPage{
		Tabs:    apiTabs("/api"),
		BaseURL: baseURL(r),
		Name: field{
			Name: "name", Label: "Name", MaxLength: account.MaxKeyNameLength,
			Hint: "What the key is for, so that you can tell it from others.",
		},
		Expires: field{Name: "expires", Label: "Expires", Type: "select"},
	}
	for _, l := range lifetimes {
		page.Expires.Options = append(page.Expires.Options, option{l.value, l.label})
	}
	var err error
	page.Good, page.Ended, err = room.keys(r)
	return page, err
}

// keys returns the account's keys, the newest first: those that let somebody
// in, and those that do not any more.
func (room *keysRoom) keys(r *http.Request) (good, ended []account.Key, err error) {
	all, err := room.Accounts.Keys(r.Context(), accountOf(r).SID)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range slices.Backward(all) {
		if k.Ended(room.Clock.Now()) {
			ended = append(ended, k)
		} else {
			good = append(good, k)
		}
	}
	return good, ended, nil
}

func (room *keysRoom) keysPage(r *http.Request) (answer, error) {
	page, err := room.newKeysPage(r)
	if err != nil {
		return answer{}, err
	}
	return pages.show("keys", "API settings", page), nil
}

// newKey is what the template key-created.html shows.
type newKey struct {
	Key            account.Key
	Token, BaseURL string
	Sample         string
}

// createKey answers with the token itself and not by leading to a page: it is
// kept nowhere, so no later page could show it.
func (room *keysRoom) createKey(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	name, expires := strings.TrimSpace(r.PostForm.Get("name")), r.PostForm.Get("expires")
	refuse := func(nameError, expiresError string) (answer, error) {
		page, err := room.newKeysPage(r)
		if err != nil {
			return answer{}, err
		}
		page.Name.Value, page.Name.Error = name, nameError
		page.Expires.Value, page.Expires.Error = expires, expiresError
		return pages.show("keys", "API settings", page).invalid(), nil
	}
	lifetime, ok := lifetimeOf(expires)
	if !ok {
		return refuse("", "Choose one of these.")
	}
	key, token, err := room.Accounts.CreateKey(r.Context(), accountOf(r).SID, name, lifetime)
	if f := fault.As(err); fault.Is(err, fault.Invalid) {
		return refuse(sentence(f), "")
	}
	if err != nil {
		return answer{}, err
	}
	made := newKey{Key: key, Token: token, BaseURL: baseURL(r)}
	if made.Sample, err = room.sample(r, "curl", key.ID, token); err != nil {
		return answer{}, err
	}
	return pages.show("key-created", "API key created", made), nil
}

func lifetimeOf(value string) (time.Duration, bool) {
	for _, l := range lifetimes {
		if l.value == value {
			return l.lifetime, true
		}
	}
	return 0, false
}

// oldKey is what the template key-revoke.html shows.
type oldKey struct {
	Key account.Key
	// Mine tells that the visitor's own session ends with it.
	Mine bool
}

func (room *keysRoom) revokePage(r *http.Request) (answer, error) {
	key, err := room.Accounts.KeyOf(r.Context(), accountOf(r), r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	if !key.Revoked.IsZero() {
		return goTo("/api"), nil
	}
	return pages.show("key-revoke", "Revoke an API key", oldKey{Key: key, Mine: sessionOf(r).Key == key.ID}), nil
}

func (room *keysRoom) revokeKey(r *http.Request) (answer, error) {
	key, err := room.Accounts.RevokeKeyOf(r.Context(), accountOf(r), r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	if sessionOf(r).Key == key.ID {
		return goTo("/signin").saying("The key is revoked, and you are signed out with it.").signedOut(), nil
	}
	return goTo("/api").saying("The key is revoked. Nobody gets in with it any more."), nil
}
