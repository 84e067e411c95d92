package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
)

// tab is a link to one of the pages of a subject.
type tab struct {
	Path, Label string
	Current     bool
}

func apiTabs(current string) []tab {
	tabs := []tab{
		{Path: "/api", Label: "Keys"},
		{Path: "/api/samples", Label: "Samples"},
		{Path: "/api/console", Label: "Console"},
		{Path: "/api/reference", Label: "Reference"},
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].Path == current
	}
	return tabs
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

func (d *Dashboard) newKeysPage(r *http.Request) (keysPage, error) {
	page := keysPage{
		Tabs:    apiTabs("/api"),
		BaseURL: d.baseURL(r),
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
	page.Good, page.Ended, err = d.keys(r)
	return page, err
}

// keys returns the account's keys, the newest first: those that let somebody
// in, and those that do not any more.
func (d *Dashboard) keys(r *http.Request) (good, ended []account.Key, err error) {
	all, err := d.cfg.Accounts.Keys(r.Context(), accountOf(r).SID)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range slices.Backward(all) {
		if k.Ended(d.cfg.Clock.Now()) {
			ended = append(ended, k)
		} else {
			good = append(good, k)
		}
	}
	return good, ended, nil
}

func (d *Dashboard) keysPage(r *http.Request) (answer, error) {
	page, err := d.newKeysPage(r)
	if err != nil {
		return answer{}, err
	}
	return show("keys", "API settings", page), nil
}

// newKey is what the template key-created.html shows.
type newKey struct {
	Key            account.Key
	Token, BaseURL string
	Sample         string
}

// createKey answers with the token itself and not by leading to a page: it is
// kept nowhere, so no later page could show it.
func (d *Dashboard) createKey(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	name, expires := strings.TrimSpace(r.PostForm.Get("name")), r.PostForm.Get("expires")
	refuse := func(nameError, expiresError string) (answer, error) {
		page, err := d.newKeysPage(r)
		if err != nil {
			return answer{}, err
		}
		page.Name.Value, page.Name.Error = name, nameError
		page.Expires.Value, page.Expires.Error = expires, expiresError
		return show("keys", "API settings", page).invalid(), nil
	}
	lifetime, ok := lifetimeOf(expires)
	if !ok {
		return refuse("", "Choose one of these.")
	}
	key, token, err := d.cfg.Accounts.CreateKey(r.Context(), accountOf(r).SID, name, lifetime)
	if f := fault.As(err); fault.Is(err, fault.Invalid) {
		return refuse(sentence(f), "")
	}
	if err != nil {
		return answer{}, err
	}
	made := newKey{Key: key, Token: token, BaseURL: d.baseURL(r)}
	if made.Sample, err = d.sample(r, "curl", key.ID, token); err != nil {
		return answer{}, err
	}
	return show("key-created", "API key created", made), nil
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

func (d *Dashboard) revokePage(r *http.Request) (answer, error) {
	key, err := d.cfg.Accounts.KeyOf(r.Context(), accountOf(r), r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	if !key.Revoked.IsZero() {
		return goTo("/api"), nil
	}
	return show("key-revoke", "Revoke an API key", oldKey{Key: key, Mine: visitorOf(r).session.Key == key.ID}), nil
}

func (d *Dashboard) revokeKey(r *http.Request) (answer, error) {
	key, err := d.cfg.Accounts.RevokeKeyOf(r.Context(), accountOf(r), r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	if visitorOf(r).session.Key == key.ID {
		return goTo("/signin").saying("The key is revoked, and you are signed out with it.").with(d.sessionCookie(r, "")), nil
	}
	return goTo("/api").saying("The key is revoked. Nobody gets in with it any more."), nil
}
