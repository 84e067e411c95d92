// Package api speaks Exotel's v2 Campaigns API: routes, requests, envelopes and error
// codes. Package addressbook decides what a valid contact is.
package api

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/attempts"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/budget"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/clientaddr"
	"callbook/internal/clock"
	"callbook/internal/event"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/limit"
	"callbook/internal/link"
	"callbook/internal/person"
	"callbook/internal/prompt"
	"callbook/internal/recording"
	"callbook/internal/route"
	"callbook/internal/slowbody"
	"callbook/internal/suppression"
	"callbook/internal/trash"
	"callbook/internal/upload"
)

// API serves all paths below /v2/. The caller must have called access.Begin for the
// request. API claims the request's memory from the budget in its context.
type API struct {
	book         *addressbook.Book
	accounts     *account.Directory
	imports      *upload.Importer
	keys         *journal.Keeper
	trash        *trash.Keeper
	audit        *auditlog.Log
	campaigns    *campaign.Campaigns
	suppressions *suppression.Suppressions
	flows        *library.Library
	prompts      *prompt.Prompts
	callbacks    *event.Deliveries
	recordings   *recording.Recordings
	links        *link.Links
	persons      *person.Persons
	gate         *gate
	guesses      *attempts.Failures // limits wrong keys and tokens by address
	rates        *limit.Rates
	clock        clock.Clock
	maxBody      int64
	baseURL      string
	routes       *route.Table
}

// Config has the dependencies of an [API].
type Config struct {
	Book         *addressbook.Book
	Accounts     *account.Directory
	Imports      *upload.Importer
	Keys         *journal.Keeper // stores the answers to requests with an Idempotency-Key
	Trash        *trash.Keeper
	Audit        *auditlog.Log
	Campaigns    *campaign.Campaigns
	Suppressions *suppression.Suppressions
	Flows        *library.Library
	Prompts      *prompt.Prompts
	Recordings   *recording.Recordings
	Callbacks    *event.Deliveries
	Persons      *person.Persons
	// Clock limits how often clients may guess keys, and tells when a long download
	// checks its permit again; nil means [clock.System].
	Clock clock.Clock
	// MaxBody bounds the body of a request in bytes; zero means 32 MiB.
	MaxBody int64
	// BaseURL is the URL of the server for clients, without a slash at the end; "" means
	// the host that a request was sent to.
	BaseURL string
}

// DefaultMaxBody is the size limit of a request's body, in bytes.
const DefaultMaxBody = 32 << 20

// New returns the API.
func New(cfg Config) *API {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = DefaultMaxBody
	}
	cfg.Clock = cmp.Or(cfg.Clock, clock.System)
	a := &API{
		book:         cfg.Book,
		accounts:     cfg.Accounts,
		imports:      cfg.Imports,
		keys:         cfg.Keys,
		trash:        cfg.Trash,
		audit:        cfg.Audit,
		campaigns:    cfg.Campaigns,
		suppressions: cfg.Suppressions,
		flows:        cfg.Flows,
		prompts:      cfg.Prompts,
		callbacks:    cfg.Callbacks,
		recordings:   cfg.Recordings,
		links:        link.New(cfg.Accounts, cfg.Clock),
		persons:      cfg.Persons,
		gate:         newGate(),
		guesses:      attempts.New(guessesAtOnce, guessEvery, cfg.Clock, "Too many wrong API keys or tokens have come from this address"),
		rates:        limit.NewRates(cfg.Clock),
		clock:        cfg.Clock,
		maxBody:      cfg.MaxBody,
		baseURL:      cfg.BaseURL,
		routes:       route.New(),
	}
	const base = "/v2/accounts/{account_sid}"
	a.write("POST "+base+"/contacts", bodied(a, newContacts.decode, a.createContacts))
	a.handle("GET "+base+"/contacts", a.getContacts)
	a.write("PUT "+base+"/contacts", bodied(a, contactPatches.decode, a.updateContacts))
	a.write("DELETE "+base+"/contacts", a.orErase(bodied(a, contactRefs.decode, a.deleteContacts)))
	a.handle("GET "+base+"/contacts/{sid}", a.getContact)
	a.write("PUT "+base+"/contacts/{sid}", bodied(a, decodeContactPatch, a.updateContact))
	a.remove(base+"/contacts/{sid}", a.deleteContact)
	a.write("POST "+base+"/lists", bodied(a, newLists.decode, a.createLists))
	a.handle("GET "+base+"/lists", a.getLists)
	a.write("PUT "+base+"/lists", bodied(a, listPatches.decode, a.updateLists))
	a.handle("GET "+base+"/lists/{sid}", a.getList)
	a.write("PUT "+base+"/lists/{sid}", bodied(a, decodeListPatch, a.updateList))
	a.remove(base+"/lists/{sid}", a.deleteList)
	a.write("POST "+base+"/lists/{sid}/contacts", bodied(a, contactReferences.decode, a.addMembers))
	a.handle("GET "+base+"/lists/{sid}/contacts", a.getMembers)
	a.write("DELETE "+base+"/lists/{sid}/contacts", bodied(a, contactReferences.decode, a.removeMembers))
	a.remove(base+"/lists/{sid}/contacts/{contact_sid}", a.removeMember)
	a.handleTrash(base)
	a.handleCSV(base)
	a.handleExports(base)
	a.handleCampaigns(base)
	a.handleSuppressions(base)
	a.handleFlows(base)
	a.handlePrompts(base)
	a.handle("GET "+base+"/audit", a.getAudit)
	a.routes.Shadow()
	return a
}

// Patterns returns the routes in the syntax of http.ServeMux.
func (a *API) Patterns() []string { return a.routes.Patterns() }

// handler answers a route. It returns what to send, and so cannot write to the client by
// mistake.
type handler func(r *http.Request) (reply, error)

func (a *API) handle(pattern string, h handler) { a.serve(pattern, answering(h)) }

// write adds a route that changes something and has a body.
func (a *API) write(pattern string, h handler) {
	a.serve(pattern, slowbody.Body(answering(a.once(h, a.drain))))
}

// remove adds a route that deletes the resource at its path.
func (a *API) remove(path string, h handler) {
	a.write("DELETE "+path, bodiless(h))
}

// serve adds a route that writes to the client itself.
func (a *API) serve(pattern string, h http.HandlerFunc) {
	a.routes.Handle(pattern, a.scoped(pattern, h))
}

// answering returns an http.HandlerFunc that sends what a handler returns.
func answering(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := h(r)
		if err != nil {
			Fail(w, r, err)
			return
		}
		answer.send(w, r)
	}
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r, err := a.admit(r)
	if err == nil {
		err = a.limitRate(w, r)
	}
	if err == nil {
		err = budget.Of(r.Context()).Admit(accountOf(r).ID)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, r)
}

// strangerTime is how long the body of a request may take if its sender is refused.
const strangerTime = 10 * time.Second

// Permit checks whether the caller is still authorized. An Unauthenticated, NotFound or
// Forbidden fault means no. The handler decides what any other error means.
type Permit = func(context.Context) error

// As returns the API for a caller whom the dashboard has authenticated. It checks no key.
// Long downloads call permit from time to time.
func (a *API) As(caller account.Caller, permit Permit) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sid, ok := foldAccounts(&r)
		switch {
		case !ok:
			Fail(w, r, errNoRoute)
		case sid != caller.Account.SID:
			Fail(w, r, errNotYourData)
		default:
			a.answer(w, a.asking(r, caller, permit))
		}
	})
}

// answer serves a request that admit has accepted.
func (a *API) answer(w http.ResponseWriter, r *http.Request) {
	r = withoutSlash(r)
	if a.routes.Serve(w, r) {
		return
	}
	a.drain(r)
	if allow := a.routes.Allowed(r); allow != "" {
		w.Header().Set("Allow", allow)
		Fail(w, r, fault.New(fault.MethodNotAllowed, "Use "+allow))
		return
	}
	Fail(w, r, errNoRoute)
}

// withoutSlash removes a slash from the end of the request's path, which some clients
// append.
func withoutSlash(r *http.Request) *http.Request {
	if !strings.HasSuffix(r.URL.EscapedPath(), "/") {
		return r
	}
	u := *r.URL
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	plain := *r
	plain.URL = &u
	return &plain
}

type askerKey struct{}

// asker is the caller of a request and the caller's permit.
type asker struct {
	account.Caller
	permit Permit
}

// asking returns the request with its caller in the context, also as the origin of what
// the audit log tells.
func (a *API) asking(r *http.Request, caller account.Caller, permit Permit) *http.Request {
	recordOf(r).Account = caller.Account.SID
	origin := a.origin(r)
	switch {
	case caller.Session != "":
		origin.Actor = audit.BySession(caller.Session)
	case caller.Key != "":
		origin.Actor = caller.Actor()
	default: // a signed link, which only reads
		origin.Actor = audit.Stranger
	}
	ctx := audit.From(r.Context(), origin)
	return r.WithContext(context.WithValue(ctx, askerKey{}, asker{caller, permit}))
}

// origin returns where a request comes from, without its actor.
func (a *API) origin(r *http.Request) *audit.Origin {
	origin := &audit.Origin{Request: recordOf(r).ID, Now: a.clock.Now}
	if addr := clientaddr.Peer(r); addr.IsValid() {
		origin.Address = addr.String()
	}
	return origin
}

// callerOf returns the caller of the request.
func callerOf(r *http.Request) account.Caller {
	return r.Context().Value(askerKey{}).(asker).Caller
}

// accountOf returns the account of the request.
func accountOf(r *http.Request) account.Account {
	return r.Context().Value(askerKey{}).(asker).Account
}

// askerOf returns the name of the caller, for records of who has done something.
func askerOf(r *http.Request) string {
	if key := r.Context().Value(askerKey{}).(asker).Key; key != "" {
		return "API key " + key
	}
	return "dashboard"
}

// permitOf returns the permit of the caller.
func permitOf(r *http.Request) Permit {
	return r.Context().Value(askerKey{}).(asker).permit
}

var (
	errNoRoute     = fault.New(fault.NotFound, "There is nothing at this path")
	errNoKey       = fault.New(fault.Unauthenticated, "An API key and token are needed, as user and password of HTTP Basic authentication")
	errNotYourData = fault.New(fault.Forbidden, "The API key belongs to another account")
)

// admit authenticates the caller, and returns the request with its account. It returns a
// request even with an error.
func (a *API) admit(r *http.Request) (*http.Request, error) {
	sid, ok := foldAccounts(&r)
	if !ok {
		return r, errNoRoute
	}
	key, token, ok := r.BasicAuth()
	if !ok {
		if signed, isLink := linkIn(r, sid); isLink {
			return a.admitLink(r, signed)
		}
		return r, errNoKey
	}
	caller, err := a.authenticate(r, key, token)
	if err != nil {
		return r, err
	}
	if err := a.checkNetwork(r, caller); err != nil {
		recordOf(r).Account = caller.Account.SID
		return r, err
	}
	if caller.Account.SID != sid {
		recordOf(r).Account = caller.Account.SID
		return r, errNotYourData
	}
	r = a.asking(r, caller, func(ctx context.Context) error {
		_, err := a.accounts.Authenticate(ctx, key, token)
		return err
	})
	return r, nil
}

// foldAccounts returns the account's sid in the path. The path segment "accounts" may
// have any case; foldAccounts makes it lower case for the routes and answers.
func foldAccounts(r **http.Request) (sid string, ok bool) {
	const version, word = "/v2/", "accounts/"
	rest, ok := strings.CutPrefix((*r).URL.Path, version)
	if !ok || len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) {
		return "", false
	}
	sid, _, ok = strings.Cut(rest[len(word):], "/")
	if !ok || sid == "" {
		return "", false
	}
	if rest[:len(word)] != word {
		folded := new(http.Request)
		*folded = **r
		u := *folded.URL
		u.Path = version + word + u.Path[len(version+word):]
		if len(u.RawPath) >= len(version+word) {
			u.RawPath = version + word + u.RawPath[len(version+word):]
		}
		folded.URL = &u
		*r = folded
	}
	return sid, true
}
