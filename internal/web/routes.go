package web

import (
	"net/http"

	"callbook/internal/slowbody"
)

// handler answers one route. It cannot write to the client by mistake: it
// returns what to send.
type handler func(r *http.Request) (answer, error)

// addRoutes is the table of the routes.
func (d *Dashboard) addRoutes() {
	d.open("GET /signin", d.signInPage)
	d.open("POST /signin", d.signInWithKey)
	d.open("GET /signin/link/{token}", d.linkPage)
	d.open("POST /signin/link/{token}", d.followLink)
	d.open("POST /signout", d.signOut)
	d.files()

	d.handle("GET /{$}", d.overviewPage)
	d.handle("GET /overview/plots", d.overviewPlots)
	d.contactRoutes()
	d.listRoutes()
	d.handle("GET /api", d.keysPage)
	d.handle("POST /api/keys", d.createKey)
	d.handle("GET /api/keys/{id}/revoke", d.revokePage)
	d.handle("POST /api/keys/{id}/revoke", d.revokeKey)
	d.handle("GET /api/samples", d.samplesPage)
	d.handle("GET /api/console", d.consolePage)
	d.handle("POST /api/console", d.consoleSend)
	d.handle("GET /api/reference", d.referencePage)
	d.handle("GET /api/reference/{operation}", d.operationPage)
	d.handle("GET /imports", d.importsPage)
	d.handleUpload("POST /imports", d.receiveImport)
	d.handle("GET /imports/{sid}", d.importPage)
	d.handle("GET /imports/{sid}/progress", d.importProgress)
	d.handle("GET /imports/{sid}/errors.csv", d.importErrors)
	d.handle("POST /imports/{sid}/cancel", d.cancelImport)
	d.handle("GET /imports/{sid}/draft", d.pendingPage)
	d.handle("POST /imports/{sid}/draft", d.changePending)
	d.handle("GET /imports/{sid}/draft/progress", d.trialProgress)
	d.handle("POST /imports/{sid}/draft/discard", d.discardPending)
	d.handle("GET /sessions", d.sessionsPage)
	d.handle("POST /sessions/{id}/end", d.endSession)
}

// handle adds a route for those who are signed in; accountOf tells the handler
// who they are.
func (d *Dashboard) handle(pattern string, h handler) {
	d.routes.Handle(pattern, d.answering(d.signedIn(h)))
}

// handleUpload is handle for a form with a file, which may be long.
func (d *Dashboard) handleUpload(pattern string, h handler) {
	d.routes.Handle(pattern, slowbody.Upload(d.answering(d.signedIn(h))))
}

// open adds a route for everybody.
func (d *Dashboard) open(pattern string, h handler) {
	d.routes.Handle(pattern, d.answering(h))
}

// answering sends what a handler returns.
func (d *Dashboard) answering(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// A handler may learn who asks, which the page around its answer tells.
		r = withVisitor(r, new(visitor))
		answer, err := h(r)
		if err != nil {
			d.Fail(w, r, err)
			return
		}
		d.send(w, r, answer)
	}
}
