package browsertest

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"

	"callbook/internal/test/servertest"
)

// people are what an account has: names from several places, one that would be
// a script and a formula if anybody took it for one, and one without any name.
var people = []string{
	`{"number": "9876543210", "first_name": "Asha", "last_name": "Rao", "company_name": "Exotel", "email": "asha.rao@example.com", "tag": "Member", "custom_field": {"plan": "gold", "since": 2019, "city": {"name": "Bengaluru", "pin": "560001"}, "phones": ["work", "home"], "newsletter": true, "score": 4.50, "notes": null, "empty": {}}}`,
	`{"number": "+919820098200", "first_name": "Rohan", "last_name": "Mehta", "company_name": "Blue Dart", "email": "rohan@example.in", "tag": "Lead"}`,
	`{"number": "08012345678", "company_name": "Exotel Support", "email": "support@example.com"}`,
	`{"number": "+14155550123", "first_name": "<script>alert(1)</script>", "last_name": "\"><img src=x onerror=alert(1)>", "company_name": "=HYPERLINK(\"http://evil.example\",\"x\")", "email": "x'onclick=alert(1)//@example.com", "tag": "<b>bold</b>", "custom_field": {"</script><script>alert(1)</script>": "<img src=x onerror=alert(1)>"}}`,
	`{"number": "+442079460123", "first_name": "Zoë", "last_name": "Ångström", "company_name": "A company whose name goes on and on until it fits nowhere any more at all", "tag": "Member"}`,
	`{"number": "+6591234567", "first_name": "美玲", "last_name": "陳", "email": "meiling@example.sg", "tag": "VIP"}`,
	`{"number": "+971501234567"}`,
	`{"number": "+919900112233", "first_name": "आदित्य", "last_name": "राव", "company_name": "Tata", "tag": "Lead"}`,
	`{"number": "+4915112345678", "first_name": "Jürgen", "last_name": "Groß", "company_name": "Müller & Söhne", "email": "groß@example.de", "tag": "VIP"}`,
}

// addPeople fills the account with them, some more, and lists; it returns the
// sids of the people.
func addPeople(c *servertest.Client) (sids []string) {
	more := make([]string, 60)
	first := []string{"Priya", "Arjun", "Kavya", "Vikram", "Neha", "Sanjay", "Meera", "Rahul"}
	last := []string{"Sharma", "Iyer", "Patel", "Nair", "Das", "Kapoor", "Reddy"}
	for i := range more {
		f, l := first[i%len(first)], last[i%len(last)]
		more[i] = fmt.Sprintf(`{"number": "+9198%08d", "first_name": %q, "last_name": %q, "company_name": %q, "email": %q, "tag": %q}`,
			10203040+i*7919, f, l, []string{"Infosys", "Flipkart", "", "Zomato"}[i%4], strings.ToLower(f+"."+l)+"@example.com", []string{"Member", "Lead", ""}[i%3])
	}
	c.Create(more...)
	for _, item := range c.Create(people...) {
		sids = append(sids, item.Data.SID)
	}
	diwali := c.CreateList("Diwali 2026")
	c.CreateList("Renewals, March")
	c.CreateList(`<script>alert(1)</script>`)
	c.Add(diwali.SID, sids...)
	c.Add(c.CreateList("Members").SID, sids[:3]...)
	return sids
}

// personPath is a page of one of the people; rest follows its sid.
func personPath(i int, rest string) func(*world) string {
	return func(w *world) string { return "/contacts/" + w.people[i] + rest }
}

// listPath is a page of the list of this name.
func listPath(name, rest string) func(*world) string {
	return func(w *world) string {
		for _, item := range w.client.Get(w.client.Path("/lists?limit=100")).ListPage(w.t).Response {
			if item.Data.Name == name {
				return "/lists/" + item.Data.SID + rest
			}
		}
		w.t.Fatalf("there is no list %q", name)
		return ""
	}
}

var contactPages = []page{
	{name: "contacts", path: at("/contacts")},
	{name: "contacts-selected", path: at("/contacts?tag=Member"), before: func(b *tab) {
		b.click("tbody tr:nth-child(2) input")
		b.click("[data-select-page]")
	}},
	{name: "contacts-set-filters", path: at("/contacts?untagged=1&kind=mobile&countries_except=US,GB,CA&import=01a229758e267ea28092d7c4527062b3&tag_is=Member")},
	{name: "contacts-none", path: at("/contacts?q=nobody")},
	{name: "contacts-wrong", path: at("/contacts?list=nothing")},
	{name: "contacts-empty", path: at("/contacts"), account: "empty"},
	{name: "contact", path: personPath(0, "")},
	{name: "contact-of-table", path: at("/contacts?sort=name"), before: func(b *tab) { b.follow("tbody tr:nth-child(2) .main a") }},
	{name: "contact-hostile", path: personPath(3, "")},
	{name: "contact-bare", path: personPath(6, "")},
	{name: "person-none", path: at("/contacts/person")},
	{name: "person", path: personPath(0, ""), before: func(b *tab) { b.follow("a.danger[href^='/contacts/person?']") }},
	{name: "person-erased", path: at("/contacts/person?number=9812300000"), before: func(b *tab) {
		b.do(void(chromedp.Evaluate[bool](`fetch("/contacts/person", {method: "POST", body: new URLSearchParams({number: "9812300000", confirm: "9812300000"})}).then(r => location.href = r.url), true`)))
		b.await(`location.pathname === "/contacts/person/erased" && document.querySelector("h1")`)
	}},
	{name: "contact-new", path: at("/contacts/new")},
	{name: "contact-new-wrong", path: at("/contacts/new"), before: func(b *tab) {
		b.fill("#number", "+919820098200")
		b.click(".custom-lines summary")
		b.fill("#custom_field", `{"plan": gold}`)
		b.click("main form .primary")
		b.await(`document.querySelector("#custom_field-error")`)
	}},
	{name: "contact-new-taken", path: at("/contacts/new"), before: func(b *tab) {
		b.fill("#number", "98200 98200")
		b.fill("#first_name", "Another")
		b.click("main form .primary")
		b.await(`document.querySelector(".taken")`)
	}},
	{name: "contact-edit", path: personPath(0, "/edit")},
	{name: "contact-edit-lines", path: personPath(0, "/edit"), before: func(b *tab) {
		b.retype("[name='line.1.value']", "soon")
		b.click("[data-add-line]")
		b.fill("[data-line]:last-child .line-value input", "12")
		b.click("main form .primary")
		b.await(`document.querySelectorAll("[data-line] .error").length === 2`)
	}},
	{name: "contact-signed-out", path: personPath(0, "/edit"), before: func(b *tab) {
		b.retype("#company_name", "Infosys")
		b.answerQuestions()
		b.leave(func() { // sent by the browser itself, as where script is off
			b.do(void(chromedp.Evaluate[bool](`fetch(document.querySelector(".who form").action, {method: "POST"}).then(() => document.querySelector("main form").submit()), true`)))
		})
	}},
	{name: "contact-conflict", path: personPath(1, "/edit"), before: func(b *tab) {
		b.do(setValue("[name='was.first_name']", "Ro"), setValue("#first_name", "Rohan K."), setValue("[name='was.tag']", "Customer"), setValue("#tag", ""), setValue("#company_name", "Exotel"))
		b.click("main form .primary")
		b.await(`document.querySelector(".choice")`)
	}},
	{name: "contacts-add-to-list", path: at("/contacts"), before: selecting("list")},
	{name: "contacts-tag", path: at("/contacts"), before: selecting("tag")},
	{name: "contacts-delete", path: at("/contacts"), before: selecting("delete")},
	{name: "contacts-stopped", path: at("/contacts"), before: func(b *tab) {
		selecting("tag")(b)
		b.fill("#value", unluckyTag)
		b.click("main form .primary")
		b.await(`document.querySelector("h1").textContent === "Tagging did not begin"`)
	}},
	{name: "lists", path: at("/lists")},
	{name: "lists-empty", path: at("/lists"), account: "empty"},
	{name: "list", path: listPath("Diwali 2026", "")},
	{name: "list-empty", path: listPath("Renewals, March", "")},
	{name: "list-new", path: at("/lists/new")},
	{name: "list-conflict", path: listPath("Members", "/edit"), before: func(b *tab) {
		b.do(setValue("[name='was.name']", "Member"), setValue("#name", "All members"))
		b.click("main form .primary")
		b.await(`document.querySelector(".choice")`)
	}},
	{name: "list-delete", path: listPath("Members", "/delete")},
	{name: "list-add", path: listPath("Members", "/add")},
	{name: "list-added", path: listPath("Members", "/add"), before: func(b *tab) {
		b.fill("#numbers", "98765 43210\n+14155550123\nnot a number\n98200 00001\n")
		b.click("[name=create]") // no new contacts
		b.follow("main form .primary")
	}},
}

// selecting checks a box and presses one of the buttons for selections.
func selecting(do string) func(*tab) {
	return func(b *tab) {
		b.click("tbody tr:nth-child(1) input")
		b.click("tbody tr:nth-child(3) input")
		b.follow("button[value=" + do + "]")
	}
}
