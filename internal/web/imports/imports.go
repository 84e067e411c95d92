// Package imports is the pages of imports: files that wait to be started, and what became of
// their rows.
package imports

import (
	"embed"
	"io"
	"net/http"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

const (
	importsOnPage = 20
	// suggestedLists is how many names of lists a form suggests.
	suggestedLists = 100
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Room is the pages of imports.
type Room struct {
	Book    *addressbook.Book
	Imports *upload.Importer
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.Navigation(shell.NavItem{Path: "/imports", Label: "Imports", Icon: shell.Icon("imports")})
	d.Handle("GET /imports", room.importsPage)
	d.HandleUpload("POST /imports", room.receiveImport)
	d.Handle("GET /imports/{sid}", room.importPage)
	d.Handle("GET /imports/{sid}/progress", room.importProgress)
	d.Handle("GET /imports/{sid}/errors.csv", room.importErrors)
	d.Handle("POST /imports/{sid}/cancel", room.cancelImport)
	d.Handle("GET /imports/{sid}/draft", room.pendingPage)
	d.HandleForm("POST /imports/{sid}/draft", room.changePending)
	d.Handle("GET /imports/{sid}/draft/progress", room.trialProgress)
	d.Handle("POST /imports/{sid}/draft/discard", room.discardPending)
}

// importsList is what the template imports.html shows.
type importsList struct {
	Form    importForm
	Pending []upload.PendingFile
	Imports []words.ImportRow
	Total   int
	Here    string // the address of the page
	First   bool   // it is the first page
	Next    string // the query of the next page; "" on the last
	Kept    string // how long imports are kept; "" is forever
}

// Running tells whether an import of the page has rows left.
func (l importsList) Running() bool {
	return slices.ContainsFunc(l.Imports, words.ImportRow.Running)
}

func (room *Room) importsPage(r *http.Request) (shell.Answer, error) {
	form := newImportForm()
	form.ListName.Value = r.URL.Query().Get("list")
	return room.showImports(r, form)
}

// showImports shows the form and the uploads, newest first.
func (room *Room) showImports(r *http.Request, form importForm) (shell.Answer, error) {
	acct := shell.AccountOf(r)
	w := addressbook.Window{Limit: importsOnPage, Desc: true}
	if after := r.URL.Query().Get("after"); after != "" {
		sid, ok := addressbook.ParseSID(after)
		if !ok {
			return shell.Answer{}, shell.ErrNoPage
		}
		w.After = &addressbook.Position{SID: sid}
	}
	page, err := room.Imports.Uploads(r.Context(), acct, w)
	if err != nil {
		return shell.Answer{}, err
	}
	data := importsList{Kept: room.importsKept(), Form: form, Total: page.Total, Here: "/imports", First: w.After == nil}
	if w.After != nil {
		data.Here = "/imports?after=" + w.After.SID.String()
	}
	for _, u := range page.Uploads {
		data.Imports = append(data.Imports, words.ImportRowOf(u))
	}
	if page.Next != nil {
		data.Next = "after=" + page.Next.SID.String()
	}
	if data.Form.Lists, err = room.listNames(r, acct); err != nil {
		return shell.Answer{}, err
	}
	if data.First {
		data.Pending, err = room.Imports.PendingFiles(r.Context(), acct)
	}
	a := pages.Show("imports", "Imports", data)
	a.Fragment = "import-list"
	return a, err
}

// listNames are the names of the lists that were used last.
func (room *Room) listNames(r *http.Request, acct account.Account) ([]string, error) {
	page, err := room.Book.Lists(r.Context(), acct, addressbook.ListQuery{
		Window: addressbook.Window{Limit: suggestedLists, Sort: addressbook.ByUpdated, Desc: true},
	})
	names := make([]string, len(page.Lists))
	for i, l := range page.Lists {
		names[i] = l.Name
	}
	return names, err
}

// receiveImport takes a file, which waits until it is started.
func (room *Room) receiveImport(r *http.Request) (shell.Answer, error) {
	form := newImportForm()
	file, err := room.readUpload(r, &form)
	if err != nil {
		// Browsers show an answer only when they could send everything.
		_, _ = io.CopyN(io.Discard, r.Body, 2*maxUploadForm)
		return shell.Answer{}, err
	}
	defer file.Discard()
	request, ok := form.request()
	if file == nil {
		form.FileError, ok = words.Sentence(fault.Mandatory(upload.FieldFile)), false
	}
	if ok {
		pending, err := room.Imports.AddPending(r.Context(), file, request)
		if err == nil {
			return shell.GoTo("/imports/" + pending.SID.String() + "/draft"), nil
		}
		if err := form.refused(err); err != nil {
			return shell.Answer{}, err
		}
	}
	a, err := room.showImports(r, form)
	a.Fragment = "new-import"
	return a.Invalid(), err
}

// uploadOf returns the upload that the path names.
func (room *Room) uploadOf(r *http.Request) (upload.Upload, error) {
	sid, ok := addressbook.ParseSID(r.PathValue("sid"))
	if !ok {
		return upload.Upload{}, errNoImport
	}
	u, err := room.Imports.Upload(r.Context(), shell.AccountOf(r), sid)
	if fault.Is(err, fault.NotFound) {
		err = errNoImport
	}
	return u, err
}

var errNoImport = fault.New(fault.NotFound, "There is no such import.")

// importResult is what the template import.html shows.
type importResult struct {
	words.ImportRow
	Progress words.Progress
	Reasons  upload.Reasons
	// Pending is the file that waits to be started, of which this is the dry
	// run; nil when there is none.
	Pending *upload.PendingFile
	// ListGone tells that the list is not there, be it not yet or no more.
	ListGone bool
	// ErrorsURL is where the rows that were not imported are downloaded.
	ErrorsURL string
	Kept      string // how long imports are kept; "" is forever
}

// importsKept is how long imports are kept after they have ended.
func (room *Room) importsKept() string {
	switch kept := room.Imports.Retention(); {
	case kept == upload.Forever:
		return ""
	case kept%(24*time.Hour) == 0:
		return words.Count(int(kept/(24*time.Hour))) + " days"
	default:
		return kept.String()
	}
}

func (room *Room) importPage(r *http.Request) (shell.Answer, error) {
	u, err := room.uploadOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	data, err := room.resultOf(r, u)
	if err != nil {
		return shell.Answer{}, err
	}
	pending, err := room.Imports.PendingFiles(r.Context(), shell.AccountOf(r))
	if err != nil {
		return shell.Answer{}, err
	}
	for i := range pending {
		if pending[i].Trial == u.SID {
			data.Pending = &pending[i]
		}
	}
	switch _, err := room.Book.List(r.Context(), shell.AccountOf(r), u.List); {
	case fault.Is(err, fault.NotFound):
		data.ListGone = true
	case err != nil:
		return shell.Answer{}, err
	}
	return pages.Show("import", words.FileName(u.FileName), data), nil
}

// resultOf tells how far an upload is, and once it has ended what became of its
// rows.
func (room *Room) resultOf(r *http.Request, u upload.Upload) (importResult, error) {
	data := importResult{
		ImportRow: words.ImportRowOf(u),
		Progress:  words.ProgressOf(&u, "/imports/"+u.SID.String()+"/progress"),
		Kept:      room.importsKept(),
		ErrorsURL: "/imports/" + u.SID.String() + "/errors.csv",
	}
	if data.Running() || data.ErrorsKept() == 0 {
		return data, nil
	}
	var err error
	data.Reasons, err = room.Imports.Reasons(r.Context(), shell.AccountOf(r), u.SID)
	return data, err
}

// importProgress is the piece of the page that is asked for again and again
// while an import runs.
func (room *Room) importProgress(r *http.Request) (shell.Answer, error) {
	u, err := room.uploadOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	return room.progressPiece(r, u, "/imports/"+u.SID.String()), nil
}

// progressPiece is the progress of an upload that runs, and then the page with
// its result. Whoever has no script gets that page in any case.
func (room *Room) progressPiece(r *http.Request, u upload.Upload, page string) shell.Answer {
	if u.State != upload.Running || !shell.ByHTMX(r) {
		return shell.GoTo(page)
	}
	a := pages.Show("import", "", words.ProgressOf(&u, page+"/progress"))
	a.Fragment = "progress"
	return a
}

func (room *Room) cancelImport(r *http.Request) (shell.Answer, error) {
	u, err := room.uploadOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	page := "/imports/" + u.SID.String()
	if u.State != upload.Running {
		return shell.GoTo(page).Saying("It had ended already."), nil
	}
	if err := room.Imports.Cancel(r.Context(), shell.AccountOf(r), u.SID, nil); err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo(page).Saying("The import is cancelled. What was imported before stays."), nil
}

// importErrors is the file of the rows that were not imported, as the API has
// it.
func (room *Room) importErrors(r *http.Request) (shell.Answer, error) {
	u, err := room.uploadOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.FromAPI("/csv-status/"+u.SID.String()+"/errors", nil), nil
}
