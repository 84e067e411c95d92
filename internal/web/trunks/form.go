package trunks

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"callbook/internal/fault"
	"callbook/internal/trunk"
	"callbook/internal/web/shell"
)

// form is the data of the template trunk-form.html: the form of a new trunk, or of one
// that is there.
type form struct {
	Name   string // of the trunk that is there, or ""
	Action string
	// Was is when the trunk was changed last when the form was loaded.
	Was              string
	NewName, Address shell.Field
	User, Password   shell.Field
	CallerIDs        shell.Field
	Prefixes         shell.Field
	Format           shell.Field
	Rate, Channels   shell.Field
	Codecs           shell.Field
	Outcomes         shell.Field

	Register, SRTP, Symmetric bool
	// NoKey means that no key can encrypt a password.
	NoKey bool
	// Error is a fault that is not about a field.
	Error string
}

// MakeKey is the command that makes a key for passwords.
func (form) MakeKey() string { return trunk.MakeKey }

// newForm returns the form with these values. Kept means that a password is stored.
func newForm(v url.Values, kept bool) *form {
	f := &form{
		Was:       v.Get("was"),
		NewName:   shell.Field{Name: "name", Label: "Name", Required: true, MaxLength: 64, Mono: true, Placeholder: "exotel-mumbai", Hint: "Letters, digits, - and _. It cannot be changed later."},
		Address:   shell.Field{Name: "address", Label: "Address", Required: true, Mono: true, MaxLength: 300, InputMode: "url", Placeholder: "sip:sip.example.com", Hint: "sip:host:5060;transport=udp, or tcp or tls. A domain without a port is looked up with all its hosts."},
		User:      shell.Field{Name: "user", Label: "User", Mono: true, MaxLength: trunk.MaxPassword, Hint: "Empty if the trunk knows this server by its address."},
		Password:  shell.Field{Name: shell.PasswordField, Label: "Password", Type: "password", Autocomplete: "new-password", MaxLength: trunk.MaxPassword, Hint: "It is kept encrypted, and no page shows it again."},
		CallerIDs: shell.Field{Name: "caller_ids", Label: "Caller ids that it may show", Type: "textarea", Rows: 3, Mono: true, InputMode: "tel", Placeholder: "+918047112233", Hint: "One a line, with the country code. Empty: any."},
		Prefixes:  shell.Field{Name: "prefixes", Label: "Calls only numbers that begin with", Mono: true, InputMode: "tel", Placeholder: "+91, +1", Hint: "Empty: all numbers."},
		Format:    shell.Field{Name: "format", Label: "It wants numbers as", Type: "select", Options: formats},
		Rate:      shell.Field{Name: "calls_a_second", Label: "New calls a second", Required: true, InputMode: "numeric"},
		Channels:  shell.Field{Name: "channels", Label: "Calls at the same time", Required: true, InputMode: "numeric"},
		Codecs:    shell.Field{Name: "codecs", Label: "Codecs", Type: "select", Options: codecs},
		Outcomes:  shell.Field{Name: "outcomes", Label: "What failed calls count as", Type: "textarea", Rows: 3, Mono: true, Placeholder: "480=busy", Hint: "One a line: the SIP status, and busy, no-answer, failed or invalid. A cause of Q.850 goes after a slash, as 480/18=no-answer or */17=busy. Empty: the usual ones."},
		Register:  v.Get("register") != "", SRTP: v.Get("srtp") != "", Symmetric: v.Get("symmetric") != "",
	}
	for _, field := range f.fields() {
		field.Value = v.Get(field.Name)
	}
	f.Password.Value = ""
	if kept {
		f.Password.Hint = "A password is kept. Leave this empty to keep it; empty the user to take both away."
	}
	return f
}

// fields are the fields that people type into or choose from.
func (f *form) fields() []*shell.Field {
	return []*shell.Field{&f.NewName, &f.Address, &f.User, &f.Password, &f.CallerIDs, &f.Prefixes, &f.Format, &f.Rate, &f.Channels, &f.Codecs, &f.Outcomes}
}

// valuesOf returns the values of a form that describe a trunk.
func valuesOf(t *trunk.Trunk) url.Values {
	v := url.Values{
		"user": {t.User}, "caller_ids": {strings.Join(t.CallerIDs, "\n")},
		"prefixes": {strings.Join(t.Prefixes, ", ")}, "format": {string(t.Format)}, "calls_a_second": {strconv.Itoa(t.CallsASecond)},
		"channels": {strconv.Itoa(t.Channels)}, "codecs": {codecsOf(t)}, "outcomes": {strings.Join(t.OutcomeTexts(), "\n")}, "was": {wasOf(t)},
	}
	if t.Host != "" {
		v.Set("address", t.Address())
	}
	for name, on := range map[string]bool{"register": t.Register, "srtp": t.SRTP, "symmetric": t.Symmetric} {
		if on {
			v.Set(name, "1")
		}
	}
	return v
}

// wasOf returns what a form remembers of the trunk that it was loaded with.
func wasOf(t *trunk.Trunk) string { return t.Updated.UTC().Format(time.RFC3339Nano) }

// apply changes a trunk as the values of a form say. The error is a fault about a field.
func apply(t *trunk.Trunk, v url.Values) error {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	if err := t.SetAddress(get("address")); err != nil {
		return err
	}
	t.User, t.Password = get("user"), v.Get(shell.PasswordField)
	t.CallerIDs, t.Prefixes = callerIDs(v.Get("caller_ids")), items(v.Get("prefixes"))
	t.Format = trunk.Format(v.Get("format"))
	for field, into := range map[fault.Field]*int{trunk.FieldCallsASecond: &t.CallsASecond, trunk.FieldChannels: &t.Channels} {
		n, err := strconv.Atoi(get(string(field)))
		if err != nil {
			return fault.InvalidField(field, "this is no whole number")
		}
		*into = n
	}
	t.Codecs = nil
	for _, name := range items(v.Get("codecs")) {
		t.Codecs = append(t.Codecs, trunk.Codec(name))
	}
	t.Register, t.SRTP, t.Symmetric = v.Get("register") != "", v.Get("srtp") != "", v.Get("symmetric") != ""
	t.Outcomes = nil
	for _, text := range items(v.Get("outcomes")) {
		row, err := trunk.ParseOutcome(text)
		if err != nil {
			return err
		}
		t.Outcomes = append(t.Outcomes, row)
	}
	return nil
}

// items splits a text at commas, semicolons and blanks.
func items(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ';' || unicode.IsSpace(c) })
}

// callerIDs reads one number a line, without what people put between its digits.
func callerIDs(text string) (all []string) {
	for _, line := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ';' || c == '\n' }) {
		if id := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "\r", "").Replace(line); id != "" {
			all = append(all, id)
		}
	}
	return all
}

func (room *Room) newPage(r *http.Request) (shell.Answer, error) {
	v, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if v == nil {
		v = valuesOf(trunk.Defaults(""))
	}
	return showNew(newForm(v, false)), nil
}

func showNew(f *form) shell.Answer {
	f.Action = "/trunks"
	return pages.Show("trunk-form", "New trunk", f)
}

func (room *Room) create(r *http.Request) (shell.Answer, error) {
	t := trunk.Defaults(strings.TrimSpace(r.PostForm.Get("name")))
	err := trunk.CheckName(t.Name)
	if err == nil {
		err = apply(t, r.PostForm)
	}
	if err == nil {
		t.Rank, err = room.Trunks.NextRank(r.Context())
	}
	if err == nil {
		err = room.Trunks.Create(r.Context(), t)
	}
	if f := newForm(r.PostForm, false); f.tell(err) {
		return showNew(f).Invalid(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	room.changed()
	return shell.GoTo("/trunk/" + t.Name).Saying("The trunk is added."), nil
}

func (room *Room) editPage(r *http.Request) (shell.Answer, error) {
	t, err := room.named(r)
	if err != nil {
		return shell.Answer{}, err
	}
	v, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if v == nil {
		v = valuesOf(t)
	}
	return showEdit(newForm(v, t.HasPassword), t.Name), nil
}

func showEdit(f *form, name string) shell.Answer {
	f.Name, f.Action = name, "/trunk/"+name
	return pages.Show("trunk-form", "Change "+name, f)
}

// errChanged is the fault of a form whose trunk was changed meanwhile.
var errChanged = fault.New(fault.Changed, "Somebody has changed this trunk since the form was opened. Save again to put what is here in its place")

func (room *Room) save(r *http.Request) (shell.Answer, error) {
	before, err := room.named(r)
	if err != nil {
		return shell.Answer{}, err
	}
	t, err := room.Trunks.Change(r.Context(), before.Name, func(t *trunk.Trunk) error {
		if was := r.PostForm.Get("was"); was != "" && was != wasOf(t) {
			before = t
			return errChanged
		}
		return apply(t, r.PostForm)
	})
	if f := newForm(r.PostForm, before.HasPassword); f.tell(err) {
		if errors.Is(err, errChanged) {
			f.Was = wasOf(before)
		}
		return showEdit(f, before.Name).Invalid(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	room.changed()
	return shell.GoTo("/trunk/" + t.Name).Saying("Saved. New calls go by it."), nil
}

// tell shows a fault at its field, or above the form. It reports false for an error that
// the form cannot show.
func (f *form) tell(err error) bool {
	wrong := fault.As(err)
	switch {
	case wrong == nil || wrong.Kind == fault.NotFound || wrong.Kind == fault.Unavailable:
		return false
	case errors.Is(err, trunk.ErrNoKey):
		f.NoKey, f.Password.Error = true, "There is no key to encrypt the password with."
		return true
	case errors.Is(err, trunk.ErrNameTaken):
		f.NewName.Error = "There is a trunk with this name already."
		return true
	case errors.Is(err, trunk.ErrTooMany):
		f.Error = "An installation has at most " + strconv.Itoa(trunk.MaxTrunks) + " trunks. Remove one first."
		return true
	}
	for _, field := range f.fields() {
		if field.Name == string(wrong.Field) {
			field.Error = sentence(wrong)
			return true
		}
	}
	f.Error = sentence(wrong)
	return true
}
