// Package imports has the pages of imports: files that wait to be started, and the
// results of imports.
package imports

import (
	"embed"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

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

// Room has the pages of imports.
type Room struct {
	Book    *addressbook.Book
	Imports *upload.Importer
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddNav(shell.NavItem{Path: "/imports", Label: "Imports", Icon: shell.Icon("imports")})
	d.Handle("GET /imports", room.importsPage)
	d.HandleUpload("POST /imports", "/imports", maxUploadForm, room.receiveImport)
	d.HandleUpload("POST /imports/suppressions", suppressionsPath, maxUploadForm, room.receiveSuppressions)
	d.Handle("GET /imports/{sid}", room.importPage)
	d.Handle("GET /imports/{sid}/progress", room.importProgress)
	d.Handle("GET /imports/{sid}/errors.csv", room.importErrors)
	d.Handle("POST /imports/{sid}/cancel", room.cancelImport)
	d.Handle("GET /imports/{sid}/undo", room.undoPage)
	d.HandleForm("POST /imports/{sid}/undo", room.undoImport)
	d.Handle("GET /imports/{sid}/undo/progress", room.undoProgress)
	d.Handle("GET /imports/{sid}/pending", room.pendingPage)
	d.Handle("GET /imports/{sid}/draft", func(r *http.Request) (shell.Answer, error) { // former URLs of these pages
		return shell.GoTo("/imports/" + shell.PathSID(r, "sid").String() + "/pending"), nil
	})
	d.HandleTyped("POST /imports/{sid}/pending", "/imports/{sid}/pending", room.changePending)
	d.Handle("GET /imports/{sid}/pending/progress", room.trialProgress)
	d.Handle("POST /imports/{sid}/pending/discard", room.discardPending)
}

// importsList is the data of the template imports.html.
type importsList struct {
	Form    importForm
	Pending []upload.PendingFile
	Imports []words.ImportRow
	Total   int    // of the shown kind
	Checks  bool   // whether it shows checks instead of imports
	Others  int    // the number of the other kind
	Start   string // the URL of the first page
	Here    string // the URL of this page
	First   bool   // whether this is the first page
	Next    string // the URL of the next page, or ""
	Kept    string // how long imports are stored; "" means forever
}

// Running reports whether an import on the page is running.
func (l importsList) Running() bool {
	return slices.ContainsFunc(l.Imports, words.ImportRow.Running)
}

func (room *Room) importsPage(r *http.Request) (shell.Answer, error) {
	form := newFileForm()
	form.ListName.Value = r.URL.Query().Get("list")
	typed, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	for name := range typed {
		form.set(name, typed.Get(name))
	}
	if file := shell.LostFile(typed); file != "" {
		form.FileError = "Choose the file “" + file + "” again. It could not be kept while you were signed out."
	}
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
	data := importsList{Kept: room.importsKept(), Form: form, Start: "/imports", First: w.After == nil}
	query, others, join := upload.Query{Window: w, Kind: upload.Imports}, upload.DryRuns, "?"
	switch r.URL.Query().Get("show") {
	case "":
	case "checks":
		query.Kind, others = upload.DryRuns, upload.Imports
		data.Checks, data.Start, join = true, "/imports?show=checks", "&"
	default:
		return shell.Answer{}, shell.Unreadable("show")
	}
	page, err := room.Imports.Uploads(r.Context(), acct, query)
	if err != nil {
		return shell.Answer{}, err
	}
	if data.Here, data.Total = data.Start, page.Total; w.After != nil {
		data.Here += join + "after=" + w.After.SID.String()
	}
	other, err := room.Imports.Uploads(r.Context(), acct, upload.Query{Window: addressbook.Window{Limit: 1, Desc: true}, Kind: others})
	if err != nil {
		return shell.Answer{}, err
	}
	data.Others = other.Total
	for _, u := range page.Uploads {
		data.Imports = append(data.Imports, words.ImportRowOf(u))
	}
	if page.Next != nil {
		data.Next = data.Start + join + "after=" + page.Next.SID.String()
	}
	if data.Form.Lists, err = room.listNames(r, acct); err != nil {
		return shell.Answer{}, err
	}
	if data.First && !data.Checks {
		data.Pending, err = room.Imports.PendingFiles(r.Context(), acct)
	}
	return pages.Show("imports", "Imports", data).Piece("import-list"), err
}

// listNames returns the names of recently used lists.
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

// receiveImport receives a file, which then waits to be started.
func (room *Room) receiveImport(r *http.Request) (shell.Answer, error) {
	form := newFileForm()
	file, err := room.readUpload(r, &form)
	if err != nil {
		// Browsers show an answer only after they have sent everything.
		_, _ = io.CopyN(io.Discard, r.Body, 2*maxUploadForm)
		return shell.Answer{}, err
	}
	defer file.Discard()
	if file == nil {
		form.FileError = words.Sentence(fault.Mandatory(upload.FieldFile))
	} else if strings.TrimSpace(form.ListName.Value) == "" {
		if form.ListName.Value, err = room.proposeName(r, file.FileName()); err != nil {
			return shell.Answer{}, err
		}
	}
	request, ok, err := room.request(r, &form)
	if err != nil {
		return shell.Answer{}, err
	}
	if ok && file != nil {
		pending, err := room.Imports.AddPending(r.Context(), file, request)
		if err == nil {
			return shell.GoTo("/imports/" + pending.SID.String() + "/pending"), nil
		}
		if form.Full = errors.Is(err, upload.ErrPendingFull); form.Full {
			form.FileError = words.Sentence(upload.ErrPendingFull)
		} else if err := form.refused(err); err != nil {
			return shell.Answer{}, err
		}
	}
	a, err := room.showImports(r, form)
	return a.Piece("new-import").Invalid(), err
}

// uploadOf returns the upload in the path.
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
