package contacts

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/auditlog"
	"callbook/internal/fault"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// maxShown is the size in bytes up to which a custom field is shown indented.
const maxShown = 200 << 10

// contactData is the data of the template contact.html.
type contactData struct {
	contacttable.Row
	Title   string
	Country string
	URI     string // in the API
	From    string // the place in the table from which the visitor came, or ""
	Place   contacttable.Place
	Lists   []addressbook.ListRef
	Custom  *jsonNode   // nil if there is no custom field
	JSON    string      // the custom field, indented
	Join    shell.Field // in the form that adds the contact to a list
	// Campaigns are the last ones with the contact as a target.
	Campaigns []inCampaign
	History   []words.Entry // the newest entries of the audit log
}

// inCampaign is a campaign with a contact as a target.
type inCampaign struct {
	SID        string
	Name       string
	Position   int // of the target
	Text, Kind string
}

// shownCampaigns bounds the campaigns on a contact's page.
const shownCampaigns = 10

// shownHistory bounds the entries of the audit log on a contact's page.
const shownHistory = 5

// campaignsOf returns the last campaigns with the contact as a target.
func (room *Room) campaignsOf(ctx context.Context, acct account.Account, sid addressbook.SID) ([]inCampaign, error) {
	campaigns, targets, err := room.Campaigns.Of(ctx, acct, sid, shownCampaigns)
	all := make([]inCampaign, len(campaigns))
	for i := range campaigns {
		c, t := &campaigns[i], &targets[i]
		all[i] = inCampaign{SID: c.SID.String(), Name: c.Name, Position: t.Position}
		all[i].Text, all[i].Kind = words.TargetState(c, t)
	}
	return all, err
}

// shownText is a text of a contact.
type shownText struct {
	Label string
	Link  string // a link that the text leads to, or ""
	addressbook.Text
}

// Fields returns the contact's texts.
func (d contactData) Fields() (all []shownText) {
	for i, field := range addressbook.TextFields {
		text := shownText{Label: field.Label, Text: d.Texts[i]}
		switch field := addressbook.TextField(i); {
		case text.Value == "":
		case field == addressbook.Email && strings.Count(text.Value, "@") == 1 && !strings.ContainsAny(text.Value, " ,;?&"):
			text.Link = "mailto:" + text.Value
		case field == addressbook.Tag:
			text.Link = "/contacts?" + url.Values{"tag_is": {text.Value}}.Encode()
		}
		all = append(all, text)
	}
	return all
}

func (room *Room) contactPage(r *http.Request) (shell.Answer, error) {
	values, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	return room.showContact(r, shell.Field{Value: values.Get("name")})
}

// showContact shows a contact's page. Join is the field that adds it to a list, with what
// was typed and its error.
func (room *Room) showContact(r *http.Request, join shell.Field) (shell.Answer, error) {
	acct := shell.AccountOf(r)
	c, lists, err := room.contactWithLists(r.Context(), acct, shell.PathSID(r, "sid"))
	if err != nil {
		return shell.Answer{}, err
	}
	data := contactData{
		Row:     contacttable.RowOf(c),
		Title:   words.ContactTitle(c),
		Country: words.Country(c.Number.Region()),
		URI:     "/v2/accounts/" + acct.SID + "/contacts/" + c.SID.String(),
		Lists:   lists,
		From:    cameFrom(r),
		Place:   contacttable.PlaceIn(r.URL.Query()),
		Join:    shell.Field{Name: "name", Label: "Add to a list", Value: join.Value, Error: join.Error},
	}
	if data.Campaigns, err = room.campaignsOf(r.Context(), acct, c.SID); err != nil {
		return shell.Answer{}, err
	}
	history, err := room.Audit.Page(r.Context(), acct.ID, auditlog.Query{Of: c.SID, Limit: shownHistory})
	if err != nil {
		return shell.Answer{}, err
	}
	data.History = words.Entries(history.Entries, nil)
	if c.CustomField != "" {
		data.Custom = parseTree(c.CustomField)
		data.JSON = string(words.Indented([]byte(c.CustomField), maxShown))
	}
	a := pages.Show("contact", data.Title, data)
	if join.Error != "" {
		a = a.Invalid()
	}
	return a, nil
}

// contactWithLists returns a contact and its lists.
func (room *Room) contactWithLists(ctx context.Context, acct account.Account, sid addressbook.SID) (addressbook.Contact, []addressbook.ListRef, error) {
	c, err := room.Book.Contact(ctx, acct, sid)
	if err != nil {
		return c, nil, err
	}
	page, err := room.Book.Contacts(ctx, acct, addressbook.Query{
		Window: addressbook.Window{Limit: 1}, Number: c.Number.String(), WithLists: true,
	})
	if err != nil || len(page.Lists) == 0 {
		return c, nil, err
	}
	return c, page.Lists[0], nil
}

func (room *Room) joinList(r *http.Request) (shell.Answer, error) {
	sid := shell.PathSID(r, "sid")
	name := strings.TrimSpace(r.PostForm.Get("name"))
	wrong := func(text string) (shell.Answer, error) {
		return room.showContact(r, shell.Field{Value: name, Error: text})
	}
	list, made, err := room.listFor(r.Context(), shell.AccountOf(r), name)
	if f := fault.As(err); f != nil {
		return wrong(words.Sentence(f))
	}
	if err != nil {
		return shell.Answer{}, err
	}
	done, err := contacttable.AddMembers(r.Context(), room.Book, shell.AccountOf(r), list.SID, []addressbook.SID{sid})
	switch {
	case err != nil:
		return shell.Answer{}, err
	case done.Already > 0:
		return shell.GoTo(contactPath(sid.String(), cameFrom(r))).Noting("It was in " + list.Name + " already."), nil
	case done.Gone > 0:
		return shell.Answer{}, addressbook.ErrNoContact
	}
	text := "Added to " + list.Name + "."
	if made {
		text = "Added to " + list.Name + ", which is a new list."
	}
	return shell.GoTo(contactPath(sid.String(), cameFrom(r))).Saying(text), nil
}

func (room *Room) leaveList(r *http.Request) (shell.Answer, error) {
	sid := shell.PathSID(r, "sid")
	removed, err := contacttable.RemoveMembers(r.Context(), room.Book, shell.AccountOf(r), shell.PathSID(r, "list"), []addressbook.SID{sid})
	if err != nil {
		return shell.Answer{}, err
	}
	text := "Removed from the list. The contact itself stays in the address book."
	if len(removed) == 0 {
		text = "It was not in that list any more."
	}
	return shell.GoTo(contactPath(sid.String(), cameFrom(r))).Saying(text), nil
}

// listFor returns the list with this name, and creates it if there is none. The error for
// an invalid name is a fault.
func (room *Room) listFor(ctx context.Context, acct account.Account, name string) (list addressbook.List, made bool, err error) {
	there, err := contacttable.ListNamed(ctx, room.Book, acct, name)
	if err != nil {
		return list, false, err
	}
	if there != nil {
		return *there, false, nil
	}
	list, err = contacttable.MakeList(ctx, room.Book, acct, name, "")
	return list, err == nil, err
}

// contactBeside redirects to the previous or next contact in the table from which the
// visitor came.
func (room *Room) contactBeside(r *http.Request) (shell.Answer, error) {
	c, err := room.Book.Contact(r.Context(), shell.AccountOf(r), shell.PathSID(r, "sid"))
	if err != nil {
		return shell.Answer{}, err
	}
	behind := r.PathValue("beside") == "next"
	if !behind && r.PathValue("beside") != "previous" {
		return shell.Answer{}, shell.ErrNoPage
	}
	to, place, err := contacttable.Beside(r, room.Book, contacttable.PlaceIn(r.URL.Query()), c, behind)
	if err != nil {
		return shell.Answer{}, err
	}
	if to == nil {
		text := "There is no contact before this one in the table."
		if behind {
			text = "There is no contact behind this one in the table."
		}
		return shell.GoTo(contactPath(c.SID.String(), cameFrom(r))).Noting(text), nil
	}
	return shell.GoTo(contactPath(to.SID.String(), place.String())), nil
}

// cameFrom returns the place in the table from which the visitor came to a contact's
// page, or "".
func cameFrom(r *http.Request) string {
	if query := r.URL.Query(); query.Has("from") {
		return contacttable.PlaceIn(query).String()
	}
	return ""
}

// contactPath returns the URL of a contact's page. From is the place in the table from
// which the visitor came, or "".
func contactPath(sid, from string) string {
	path := "/contacts/" + sid
	if from != "" {
		path += "?" + url.Values{"from": {from}}.Encode()
	}
	return path
}
