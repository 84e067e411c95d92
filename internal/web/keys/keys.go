// Package keys has the pages of API keys and sample programs.
package keys

import (
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Room has the pages of API keys and sample programs.
type Room struct {
	Accounts *account.Directory
	Clock    clock.Clock
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddNav(shell.NavItem{Path: "/api", Label: "API", More: " settings", Icon: shell.Drawing(`<path d="m7 6-4 4 4 4m6-8 4 4-4 4"/>`)})
	d.AddEntries(func() []shell.Entry {
		return []shell.Entry{{Path: "/api/samples", Label: "Samples of requests", More: "API code curl python node php go"}, {Path: "/api/console", Label: "Console", More: "API try"}, {Path: "/api/reference", Label: "API reference", More: "documentation openapi"}}
	})
	d.Handle("GET /api", room.keysPage)
	d.HandleTyped("POST /api/keys", "/api", room.createKey)
	d.Handle("GET /api/keys/{id}/created", room.createdPage)
	d.Handle("GET /api/keys/{id}/revoke", room.revokePage)
	d.Handle("POST /api/keys/{id}/revoke", room.revokeKey)
	d.Handle("GET /api/keys/{id}/rotate", room.rotatePage)
	d.HandleTyped("POST /api/keys/{id}/rotate", "/api/keys/{id}/rotate", room.rotateKey)
	d.Handle("GET /api/samples", room.samplesPage)
}

// lifetimes are the lifetimes of a new key, by the values of the form.
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

// keysPage is the data of the template keys.html.
type keysPage struct {
	Tabs          []shell.Tab
	BaseURL       string
	Good, Ended   []keyRow // the newest first
	Name, Expires shell.Field
	Scopes        []scopeChoice
	Networks      shell.Field
}

// scopeChoice is a scope that the form offers.
type scopeChoice struct {
	Value, Label string
	Checked      bool
}

// scopeLabels are the words for scopes.
var scopeLabels = map[account.Scope]string{
	account.ContactsRead:   "Read contacts",
	account.ContactsWrite:  "Read and change contacts",
	account.Lists:          "Lists and their members",
	account.Imports:        "Import files",
	account.CampaignsScope: "Campaigns, flows, recordings, numbers that are not called",
	account.Admin:          "Everything, and signing in here",
}

// keyRow is a key in the table.
type keyRow struct {
	account.Key
	May string
}

// may returns the words for what a key may do, and from where; "" means everything from
// anywhere.
func may(a account.Access) string {
	var parts []string
	for _, s := range a.Scopes {
		parts = append(parts, scopeLabels[s])
	}
	text := strings.Join(parts, "; ")
	if len(a.Networks) == 0 {
		return text
	}
	_, networks := a.Encode()
	if text == "" {
		text = "Everything"
	}
	return text + ", from " + strings.ReplaceAll(networks, " ", ", ")
}

func (room *Room) newKeysPage(r *http.Request) (keysPage, error) {
	page := keysPage{
		Tabs:    shell.APITabs("/api"),
		BaseURL: shell.BaseURL(r),
		Name: shell.Field{
			Name: "name", Label: "Name", MaxLength: account.MaxKeyNameLength,
			Hint: "What the key is for, so that you can tell it from others.",
		},
		Expires: shell.Field{Name: "expires", Label: "Expires", Type: "select"},
		Networks: shell.Field{
			Name: "networks", Label: "Only from", Placeholder: "10.0.0.0/8, 192.0.2.10", Mono: true, MaxLength: 2000,
			Hint: "Networks or addresses from which the key may be used. Empty means from anywhere.",
		},
	}
	for _, s := range account.Scopes() {
		page.Scopes = append(page.Scopes, scopeChoice{Value: string(s), Label: scopeLabels[s]})
	}
	for _, l := range lifetimes {
		page.Expires.Options = append(page.Expires.Options, shell.Option{Value: l.value, Label: l.label})
	}
	var err error
	page.Good, page.Ended, err = room.keys(r)
	return page, err
}

// keys returns the account's valid and ended keys, the newest first.
func (room *Room) keys(r *http.Request) (good, ended []keyRow, err error) {
	all, err := room.Accounts.Keys(r.Context(), shell.AccountOf(r).SID)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range slices.Backward(all) {
		if row := (keyRow{k, may(k.Access)}); k.Ended(room.Clock.Now()) {
			ended = append(ended, row)
		} else {
			good = append(good, row)
		}
	}
	return good, ended, nil
}

func (room *Room) keysPage(r *http.Request) (shell.Answer, error) {
	page, err := room.newKeysPage(r)
	if err != nil {
		return shell.Answer{}, err
	}
	values, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	page.fill(values)
	return pages.Show("keys", "API settings", page), nil
}

// fill puts values into the form.
func (page *keysPage) fill(values url.Values) {
	page.Name.Value, page.Expires.Value = strings.TrimSpace(values.Get("name")), values.Get("expires")
	page.Networks.Value = strings.TrimSpace(values.Get("networks"))
	for i := range page.Scopes {
		page.Scopes[i].Checked = slices.Contains(values["scope"], page.Scopes[i].Value)
	}
}

// createKey redirects to the page that shows the token. The token is not stored, so
// [shell.Answer.Handing] passes it to the page, which shows it once.
func (room *Room) createKey(r *http.Request) (shell.Answer, error) {
	refuse := func(wrong func(*keysPage)) (shell.Answer, error) {
		page, err := room.newKeysPage(r)
		if err != nil {
			return shell.Answer{}, err
		}
		page.fill(r.PostForm)
		wrong(&page)
		return pages.Show("keys", "API settings", page).Invalid(), nil
	}
	lifetime, ok := lifetimeOf(r.PostForm.Get("expires"))
	if !ok {
		return refuse(func(page *keysPage) { page.Expires.Error = "Choose one of these." })
	}
	networks := strings.FieldsFunc(r.PostForm.Get("networks"), func(c rune) bool { return c == ',' || c == ';' || unicode.IsSpace(c) })
	access, err := account.ParseAccess(r.PostForm["scope"], networks)
	if f := fault.As(err); f != nil {
		return refuse(func(page *keysPage) { page.Networks.Error = words.Sentence(f) })
	}
	key, token, err := room.makeKey(r, account.KeyDraft{Name: strings.TrimSpace(r.PostForm.Get("name")), Lifetime: lifetime, Access: access})
	if f := fault.As(err); fault.Is(err, fault.Invalid) {
		return refuse(func(page *keysPage) { page.Name.Error = words.Sentence(f) })
	}
	if fault.Is(err, fault.Duplicate) {
		return shell.SentAlready("/api/keys/" + key.ID + "/created"), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/api/keys/" + key.ID + "/created").Handing(token), nil
}

// makeKey creates the key of a form. If two servers get the same form at the same moment,
// they create only one key.
func (room *Room) makeKey(r *http.Request, draft account.KeyDraft) (account.Key, string, error) {
	form, once := shell.FormHash(r)
	if !once {
		return room.Accounts.CreateKey(r.Context(), shell.AccountOf(r).SID, draft)
	}
	return room.Accounts.CreateKeyOnce(r.Context(), form, shell.AccountOf(r).SID, draft)
}

// newKey is the data of the template key-created.html.
type newKey struct {
	Key            keyRow
	Token, BaseURL string // Token is "" if the page was shown before
	Sample         string
}

func (room *Room) createdPage(r *http.Request) (shell.Answer, error) {
	key, err := room.Accounts.KeyOf(r.Context(), shell.AccountOf(r), r.PathValue("id"))
	if err != nil {
		return shell.Answer{}, err
	}
	made := newKey{Key: keyRow{key, may(key.Access)}, Token: shell.Handed(r), BaseURL: shell.BaseURL(r)}
	if made.Token == "" {
		return pages.Show("key-created", "API key", made), nil
	}
	if made.Sample, err = room.sample(r, "curl", key.ID, made.Token); err != nil {
		return shell.Answer{}, err
	}
	return pages.Show("key-created", "API key created", made), nil
}

func lifetimeOf(value string) (time.Duration, bool) {
	for _, l := range lifetimes {
		if l.value == value {
			return l.lifetime, true
		}
	}
	return 0, false
}

// oldKey is the data of the template key-revoke.html.
type oldKey struct {
	Key account.Key
	// Mine means that revoking the key also ends the visitor's own session.
	Mine bool
}

func (room *Room) revokePage(r *http.Request) (shell.Answer, error) {
	key, err := room.Accounts.KeyOf(r.Context(), shell.AccountOf(r), r.PathValue("id"))
	if err != nil {
		return shell.Answer{}, err
	}
	if !key.Revoked.IsZero() {
		return shell.GoTo("/api"), nil
	}
	return pages.Show("key-revoke", "Revoke an API key", oldKey{Key: key, Mine: shell.SessionOf(r).Key == key.ID}), nil
}

func (room *Room) revokeKey(r *http.Request) (shell.Answer, error) {
	key, err := room.Accounts.RevokeKeyOf(r.Context(), shell.AccountOf(r), r.PathValue("id"))
	if err != nil {
		return shell.Answer{}, err
	}
	if shell.SessionOf(r).Key == key.ID {
		return shell.GoTo("/signin").Saying("The key is revoked, and you are signed out with it.").SignedOut(), nil
	}
	return shell.GoTo("/api").Saying("The key is revoked. It no longer works."), nil
}
