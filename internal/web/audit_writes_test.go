package web_test

import (
	"net/url"
	"regexp"

	"callbook/internal/account"
	"callbook/internal/test/servertest"
	"callbook/internal/wav"
)

// pageWrites has a form for each route of the dashboard that changes something, and what
// the audit log tells of it: the actions in alphabetical order, each with how many.
var pageWrites = []struct {
	route, want string
	send        func(*pageWalk) servertest.Answer
	// by is the kind of the actor if that is another than the session of the walk.
	by string
	// unnamed is why the entries name nothing that was changed.
	unnamed string
}{
	{route: "POST /signin", want: "sessions.begin 1", by: "key", send: func(w *pageWalk) servertest.Answer {
		_, a := w.signedIn()
		return a
	}},
	{route: "POST /signin/again", want: "sessions.begin 1", by: "key", send: func(w *pageWalk) servertest.Answer {
		return w.s.Browser().Submit("/signin/again", url.Values{"key": {w.c.Key}, "token": {w.c.Token}, "next": {"/contacts"}})
	}},
	{route: "POST /signin/link/{token}", want: "sessions.begin 1", by: "link", send: func(w *pageWalk) servertest.Answer {
		return w.s.Browser().Submit(w.s.Link("demo"), nil)
	}},
	{route: "POST /signout", want: "sessions.end 1", by: "session", send: func(w *pageWalk) servertest.Answer {
		b, _ := w.signedIn()
		return b.Submit("/signout", nil)
	}},
	{route: "POST /sessions/{id}/end", want: "sessions.end 1", send: func(w *pageWalk) servertest.Answer {
		w.signedIn()
		other := regexp.MustCompile(`action="(/sessions/[0-9a-f]{64}/end)"><button class="button small">End`).FindStringSubmatch(w.b.Open("/sessions").PageText(w.t, 200))
		return w.b.Submit(other[1], nil)
	}},
	{route: "POST /sessions/end-others", want: "sessions.end 1", unnamed: "it ends all others", send: func(w *pageWalk) servertest.Answer {
		w.b.Submit("/sessions/end-others", nil)
		w.signedIn()
		return w.b.Submit("/sessions/end-others", nil)
	}},

	{route: "POST /api/console", want: "lists.create 1", send: sent("/api/console", request("POST", "/lists", `{"lists": [{"name": "Walk by console"}]}`))},
	{route: "POST /api/keys", want: "keys.create 1", send: sent("/api/keys", url.Values{"name": {"Walk"}})},
	{route: "POST /api/keys/{id}/rotate", want: "keys.create 1, keys.expire 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/api/keys/"+w.key()+"/rotate", url.Values{"overlap": {"1d"}})
	}},
	{route: "POST /api/keys/{id}/revoke", want: "keys.revoke 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/api/keys/"+w.key()+"/revoke", nil)
	}},

	{route: "POST /trunks", want: "trunks.create 1", send: sent("/trunks", trunkForm("name", "first"))},
	{route: "POST /trunk/{name}", want: "trunks.update 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/trunk/first", trunkForm("was", w.was("/trunk/first/edit", "was"), "channels", "7"))
	}},
	{route: "POST /trunk/{name}/move", want: "trunks.update 1", send: func(w *pageWalk) servertest.Answer {
		for _, name := range []string{"second", "third"} {
			w.b.Submit("/trunks", trunkForm("name", name)).Redirect(w.t, "/trunk/"+name)
		}
		return w.b.Submit("/trunk/third/move", url.Values{"to": {"up"}})
	}},
	{route: "POST /trunk/{name}/remove", want: "trunks.delete 1", send: sent("/trunk/first/remove", nil)},

	{route: "POST /contacts", want: "contacts.create 1", send: sent("/contacts", url.Values{"number": {"9876543210"}, "first_name": {"Priya"}, "email": {"priya@example.com"}})},
	{route: "POST /contacts/person", want: "persons.erase 1", send: sent("/contacts/person", url.Values{"number": {"+919876543210"}, "confirm": {"9876543210"}})},
	{route: "POST /contacts/{sid}", want: "contacts.update 1", send: func(w *pageWalk) servertest.Answer {
		path := "/contacts/" + w.contact()
		return w.b.Submit(path, url.Values{"number": {"9876543212"}, "first_name": {"Priya"}, "updated": {w.was(path+"/edit", "updated")}})
	}},
	{route: "POST /contacts/{sid}/delete", want: "contacts.delete 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/contacts/"+w.contact()+"/delete", nil)
	}},
	{route: "POST /contacts/{sid}/lists", want: "lists.create 1, members.add 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/contacts/"+w.contact()+"/lists", url.Values{"name": {"Walk to a new list"}})
	}},
	{route: "POST /contacts/{sid}/lists/{list}/leave", want: "members.remove 1", send: func(w *pageWalk) servertest.Answer {
		list, contact := w.list()
		return w.b.Submit("/contacts/"+contact+"/lists/"+list+"/leave", nil)
	}},
	{route: "POST /contacts/selected/list", want: "members.add 2", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/contacts/selected/list", url.Values{"sid": {w.contact(), w.contact()}, "name": {"Walk to a new list"}})
	}},
	{route: "POST /contacts/selected/tag", want: "contacts.update 2", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/contacts/selected/tag", url.Values{"sid": {w.contact(), w.contact()}, "value": {"Walk"}})
	}},
	{route: "POST /contacts/selected/undo", want: "contacts.update 2", send: func(w *pageWalk) servertest.Answer {
		w.b.Submit("/contacts/selected/tag", url.Values{"sid": {w.contact(), w.contact()}, "value": {"Walk"}}).Redirect(w.t, "/contacts")
		return w.b.Submit("/contacts/selected/undo", url.Values{"undo": {w.was("/contacts", "undo")}, "from": {"/contacts"}})
	}},
	{route: "POST /contacts/selected/delete", want: "contacts.delete 2", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/contacts/selected/delete", url.Values{"sid": {w.contact(), w.contact()}, "count": {"2"}})
	}},

	{route: "POST /lists", want: "lists.create 1", send: sent("/lists", url.Values{"name": {"Walk made"}})},
	{route: "POST /lists/{sid}", want: "lists.update 1", send: func(w *pageWalk) servertest.Answer {
		list, _ := w.list()
		return w.b.Submit("/lists/"+list, url.Values{"name": {"Walk renamed"}, "updated": {w.was("/lists/"+list+"/edit", "updated")}})
	}},
	{route: "POST /lists/{sid}/add", want: "contacts.create 1, members.add 2", send: func(w *pageWalk) servertest.Answer {
		list, _ := w.list()
		w.contact()
		return w.b.Submit("/lists/"+list+"/add", url.Values{"numbers": {"9876543213\n" + w.number()}, "create": {"1"}})
	}},
	{route: "POST /lists/{sid}/remove", want: "members.remove 1", send: func(w *pageWalk) servertest.Answer {
		list, contact := w.list()
		return w.b.Submit("/lists/"+list+"/remove", url.Values{"sid": {contact}})
	}},
	{route: "POST /lists/{sid}/delete", want: "lists.delete 1", send: func(w *pageWalk) servertest.Answer {
		list, _ := w.list()
		return w.b.Submit("/lists/"+list+"/delete", nil)
	}},

	{route: "POST /trash", want: "contacts.restore 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/trash", url.Values{"sid": {w.deleted()}, "do": {"restore"}})
	}},
	{route: "POST /trash", want: "contacts.erase 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/trash", url.Values{"sid": {w.deleted()}, "do": {"erase"}, "sure": {"1"}})
	}},
	{route: "POST /trash/lists", want: "lists.restore 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/trash/lists", url.Values{"sid": {w.deletedList()}, "do": {"restore"}})
	}},
	{route: "POST /trash/lists", want: "lists.erase 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/trash/lists", url.Values{"sid": {w.deletedList()}, "do": {"erase"}, "sure": {"1"}})
	}},
	{route: "POST /trash/restore", want: "contacts.restore 1", send: func(w *pageWalk) servertest.Answer {
		page := w.b.Follow(w.b.Submit("/contacts/"+w.contact()+"/delete", nil)).PageText(w.t, 200)
		return w.b.Submit("/trash/restore", url.Values{"deletion": {hidden(w.t, page, "deletion")}})
	}},
	{route: "POST /trash/empty", want: "trash.empty 2", unnamed: "it has counts alone", send: func(w *pageWalk) servertest.Answer {
		w.b.Submit("/trash/empty", url.Values{"count": {w.was("/trash/empty", "count")}}).Redirect(w.t, "/trash")
		w.deleted()
		w.deletedList()
		return w.b.Submit("/trash/empty", url.Values{"count": {"2"}})
	}},

	{route: "POST /flows", want: "flows.create 1", send: sent("/flows", url.Values{"title": {"Walk"}, "start": {"menu"}})},
	{route: "POST /flows/{name}/title", want: "flows.replace 1", send: sent("/flows/walk/title", url.Values{"title": {"Walk on"}, "was": {"Walk"}})},
	{route: "POST /flows/{name}/copy", want: "flows.create 1", send: sent("/flows/walk/copy", url.Values{"copy": {"walk-again"}})},
	{route: "POST /flows/{name}/add", want: "flows.replace 1", send: sent("/flows/walk/add", url.Values{"at": {"thanks"}, "branch": {"next"}, "kind": {"mark"}, "word": {"walked"}})},
	{route: "POST /flows/{name}/steps/{step}", want: "flows.replace 1", send: func(w *pageWalk) servertest.Answer {
		return saveStep(w.t, w.b, "/flows/walk/steps/thanks", url.Values{"text": {"Your rent is due."}, "drop": {"1"}})
	}},
	{route: "POST /flows/{name}/steps/{step}/delete", want: "flows.replace 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/flows/walk-again/steps/thanks/delete", url.Values{"was": {w.was("/flows/walk-again/steps/thanks", "was")}})
	}},
	{route: "POST /flows/{name}/json", want: "flows.replace 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/flows/walk/json", url.Values{"code": {`{"start":"a","steps":{"a":{"kind":"hangup"}}}`}, "loaded": {w.was("/flows/walk/json", "loaded")}})
	}},
	{route: "POST /flows/{name}/delete", want: "flows.delete 1", send: sent("/flows/walk/delete", nil)},
	{route: "POST /prompts", want: "prompts.create 1", send: func(w *pageWalk) servertest.Answer {
		return sendRecording(w.b, string(wav.Encode(make([]int16, 8))), "name", "walk", "title", "Walk")
	}},
	{route: "POST /prompts/{name}/delete", want: "prompts.delete 1", send: sent("/prompts/walk/delete", nil)},

	{route: "POST /imports", want: "imports.receive 1", send: func(w *pageWalk) servertest.Answer { return drop(w.b, "Walk.csv", "number\n9876543214\n") }},
	{route: "POST /imports/suppressions", want: "imports.start 1", send: func(w *pageWalk) servertest.Answer {
		body, contentType := servertest.NewForm().NamedFile("file", "Walk.csv", "number\n9876543215\n").Body()
		return w.b.Do("POST", "/imports/suppressions", body, "Content-Type", contentType)
	}},
	{route: "POST /imports/{sid}/pending", want: "imports.change 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit(pending(w.t, w.b, "number,first_name\n9876543214,Priya\n"), columns("number", "last_name"))
	}},
	{route: "POST /imports/{sid}/pending", want: "imports.start 1", send: func(w *pageWalk) servertest.Answer {
		path, form := pending(w.t, w.b, "number\n9876543214\n"), columns("number")
		form.Set("then", "start")
		return w.b.Submit(path, form)
	}},
	{route: "POST /imports/{sid}/pending/discard", want: "imports.discard 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit(pending(w.t, w.b, "number\n9876543214\n")+"/discard", nil)
	}},
	{route: "POST /imports/{sid}/undo", want: "imports.undo 1", send: func(w *pageWalk) servertest.Answer {
		u := w.c.Upload("Walk", "number\n9876543216\n")
		w.c.Await(u)
		return w.b.Submit("/imports/"+u.ID+"/undo", url.Values{"used": {"keep"}})
	}},
	{route: "POST /imports/{sid}/cancel", want: "imports.cancel 1", send: func(w *pageWalk) servertest.Answer {
		w.held.Store(true)
		return w.b.Submit("/imports/"+w.c.Upload("Walk", "number\n9876543217\n").ID+"/cancel", nil)
	}},

	{route: "POST /campaigns", want: "campaigns.create 1", send: func(w *pageWalk) servertest.Answer {
		page := w.b.Submit("/campaigns/review", campaignForm(url.Values{"send_at": {"2099-01-01T10:00"}})).Header.Get("Location")
		return w.b.Submit("/campaigns", url.Values{"draft": {w.was(page, "draft")}})
	}},
	{route: "POST /campaigns/rules", want: "accounts.set 1", send: sent("/campaigns/rules", url.Values{"rate": {"120"}, "day": {"1", "2"}, "countries": {"IN"}})},
	{route: "POST /campaigns/suppressions", want: "suppressions.add 2", unnamed: "numbers are personal", send: sent("/campaigns/suppressions", url.Values{"numbers": {"9876543218\n9876543219"}, "note": {"Walk"}})},
	{route: "POST /campaigns/suppressions/remove", want: "suppressions.remove 1", unnamed: "numbers are personal", send: sent("/campaigns/suppressions/remove", url.Values{"number": {"+919876543218"}})},
	{route: "POST /campaigns/{sid}", want: "campaigns.update 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/campaigns/"+w.campaign(later), url.Values{"do": {"pause"}})
	}},
	{route: "POST /campaigns/{sid}/hours", want: "campaigns.update 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/campaigns/"+w.campaign(later)+"/hours", url.Values{"hours": {"always"}, "hours_reason": {"Exams"}})
	}},
	{route: "POST /campaigns/{sid}/record", want: "campaigns.update 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/campaigns/"+w.campaign(later)+"/record", url.Values{"record": {"1"}})
	}},
	{route: "POST /campaigns/{sid}/delete", want: "campaigns.delete 1", send: func(w *pageWalk) servertest.Answer {
		return w.b.Submit("/campaigns/"+w.campaign(later)+"/delete", nil)
	}},
	{route: "POST /campaigns/{sid}/calls/{call}/recording/delete", want: "recordings.delete 1", send: func(w *pageWalk) servertest.Answer {
		path := "/campaigns/" + w.called()
		return w.b.Submit(path+"/calls/"+between(w.t, opened(w.t, w.b, path+"/numbers/0", "/recording/delete"), path+"/calls/", "/")+"/recording/delete", nil)
	}},
	{route: "POST /campaigns/{sid}/callbacks", want: "callbacks.resend 1", send: func(w *pageWalk) servertest.Answer {
		path := "/campaigns/" + w.called() + "/callbacks"
		return w.b.Submit(path, url.Values{"event": {between(w.t, opened(w.t, w.b, path, `name="event"`), `name="event" value="`, `"`)}})
	}},
}

// sent returns a function that sends a form.
func sent(path string, form url.Values) func(*pageWalk) servertest.Answer {
	return func(w *pageWalk) servertest.Answer { return w.b.Submit(path, form) }
}

// number returns the number of the last contact.
func (w *pageWalk) number() string {
	w.t.Helper()
	return w.c.List("sort_by=date_created:desc&limit=1").Page(w.t).Response[0].Data.Number
}

// key makes a key, and returns its id.
func (w *pageWalk) key() string {
	w.t.Helper()
	key, _, err := w.s.Directory.CreateKey(w.t.Context(), "demo", account.KeyDraft{})
	if err != nil {
		w.t.Fatal(err)
	}
	return key.ID
}

// deleted returns a contact in the trash, and deletedList a list.
func (w *pageWalk) deleted() string {
	sid := w.contact()
	w.c.Send("DELETE", "/contacts/"+sid, "")
	return sid
}

func (w *pageWalk) deletedList() string {
	sid, _ := w.list()
	w.c.Send("DELETE", "/lists/"+sid, "")
	return sid
}

// campaign makes a campaign with more fields.
func (w *pageWalk) campaign(more string) string {
	w.t.Helper()
	return w.c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","from":["+919820000001"],"read_via_text":"Your rent is due.","status_callback":"http://127.0.0.1:1/hook",` + more + `}]}`).ID
}

// called makes a campaign whose call is recorded, and waits for its end.
func (w *pageWalk) called() string {
	w.t.Helper()
	id := w.campaign(`"record":true,"calling_hours":{"hours":"always","days":"always","reason":"Walk"}`)
	opened(w.t, w.b, "/campaigns/"+id, ">Completed<")
	return id
}
