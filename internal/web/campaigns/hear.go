package campaigns

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/speech"
	"callbook/internal/wav"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// hearData is the data of the template hear.html, which plays what a callee would hear.
type hearData struct {
	Text     string // with the values of Whose
	Whose    string // the contact with these values, or ""
	Filled   bool   // whether the text has variables
	Audio    string // the URL of the sound
	Language string // the language of the form, or ""
	Trouble  string // why there is no sound
}

// hear speaks the text of the form, and shows a player.
func (room *Room) hear(r *http.Request) (shell.Answer, error) {
	kept := url.Values{"text": r.PostForm["text"], "list": r.PostForm["list"], "language": r.PostForm["language"]}
	data, err := room.sample(r, kept)
	if err != nil {
		return shell.Answer{}, err
	}
	if data.Text == "" {
		data.Trouble = "Write what is said first."
	} else if data.Trouble == "" {
		_, err := room.say(r, &data)
		if f := fault.As(err); f != nil {
			data.Trouble = words.Sentence(f)
		} else if err != nil {
			return shell.Answer{}, err
		}
	}
	if data.Trouble != "" {
		return pages.Show("hear", "What they hear", data).Piece("heard").Invalid(), nil
	}
	name, err := shell.Keep(r, kept)
	if err != nil {
		return shell.Answer{}, err
	}
	data.Audio = "/campaigns/audio?page=" + name
	return pages.Show("hear", "What they hear", data).Piece("heard"), nil
}

// audio sends the sound of a stored form's text as a WAV file.
func (room *Room) audio(r *http.Request) (shell.Answer, error) {
	var values url.Values
	there, err := shell.Kept(r, r.URL.Query().Get("page"), &values)
	if err != nil {
		return shell.Answer{}, err
	}
	if !there {
		return shell.Answer{}, errNotKept
	}
	data, err := room.sample(r, values)
	if err != nil {
		return shell.Answer{}, err
	}
	file, err := room.say(r, &data)
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.Answer{Raw: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", wav.ContentType)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	}}, nil
}

// errNoVoice is the fault of a server without a voice.
var errNoVoice = fault.New(fault.NotFound, "This server has no voice")

// say returns the sound of the text as a WAV file.
func (room *Room) say(r *http.Request, data *hearData) ([]byte, error) {
	if room.Voice == nil {
		return nil, errNoVoice
	}
	samples, err := room.Voice.Say(r.Context(), shell.AccountOf(r).ID, cmp.Or(data.Language, speech.LanguageOf(data.Text)), data.Text)
	if err != nil {
		return nil, err
	}
	if err := budget.Of(r.Context()).Take(r.Context(), int64(wav.HeaderBytes+wav.SampleBytes*len(samples))); err != nil {
		return nil, err
	}
	return wav.Encode(samples), nil
}

// sampled returns the values of the form that sample needs.
func sampled(c *campaign.Campaign) url.Values {
	v := url.Values{"text": {c.Settings.Text}, "language": {c.Language}}
	for _, sid := range c.Lists {
		v.Add("list", sid.String())
	}
	return v
}

// sample returns the text of a form with the values of a contact: the first one of the
// chosen lists, or of the account.
func (room *Room) sample(r *http.Request, v url.Values) (hearData, error) {
	acct := shell.AccountOf(r)
	data := hearData{Text: v.Get("text"), Language: v.Get("language")}
	known, err := campaign.Variables(r.Context(), room.Book, acct)
	if err != nil {
		return data, err
	}
	names, err := callflow.Variables(data.Text, known)
	if err != nil {
		data.Trouble = "There is a name after @@ that no contact has."
		return data, nil
	}
	if data.Filled = len(names) > 0; !data.Filled {
		return data, nil
	}
	q := addressbook.Query{Window: addressbook.Window{Limit: 1}, NoTotal: true}
	for _, text := range v["list"] {
		if sid, ok := addressbook.ParseSID(text); ok {
			q.Lists = append(q.Lists, sid)
		}
	}
	page, err := room.Book.Contacts(r.Context(), acct, q)
	if err != nil {
		return data, err
	}
	values := make(map[string]string)
	for _, name := range names {
		values[name] = name // if there is no contact
	}
	if len(page.Contacts) > 0 {
		c := &page.Contacts[0]
		values, data.Whose = campaign.Values(c, names), words.ContactTitle(*c)
	}
	data.Text = callflow.Fill(data.Text, names, values)
	return data, nil
}
