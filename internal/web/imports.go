package web

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
)

const (
	importsOnPage = 20
	// suggestedLists is how many names of lists a form suggests.
	suggestedLists = 100
)

// importsList is what the template imports.html shows.
type importsList struct {
	Form    importForm
	Pending []upload.PendingFile
	Imports []importRow
	Total   int
	Here    string // the address of the page
	First   bool   // it is the first page
	Next    string // the query of the next page; "" on the last
	Kept    string // how long imports are kept; "" is forever
}

// Running tells whether an import of the page has rows left.
func (l importsList) Running() bool {
	return slices.ContainsFunc(l.Imports, importRow.Running)
}

// importRow is an upload as pages show it.
type importRow struct {
	upload.Upload
	State stateWords
}

// stateWords tell of an upload's state: the kind is one of the badges.
type stateWords struct{ Kind, Text string }

func rowOf(u upload.Upload) importRow {
	return importRow{Upload: u, State: wordsOf(&u)}
}

func wordsOf(u *upload.Upload) stateWords {
	switch u.State {
	case upload.Running:
		return stateWords{"", "Running"}
	case upload.Completed:
		if u.Stats.Failed > 0 {
			return stateWords{"warn", "Done, some rows failed"}
		}
		return stateWords{"good", "Done"}
	case upload.Cancelled:
		return stateWords{"warn", "Cancelled"}
	case upload.ListGone:
		return stateWords{"bad", "Stopped: the list was deleted"}
	case upload.FileChanged:
		return stateWords{"bad", "Stopped: the file is not as long any more as the one that came"}
	}
	return stateWords{"bad", "Stopped: the file is gone"}
}

// Name is what the upload is called: by its file, or by its list.
func (r importRow) Name() string { return fileOr(r.FileName) }

func fileOr(name string) string {
	if name == "" {
		return "CSV file"
	}
	return name
}

// Running tells whether rows are left.
func (r importRow) Running() bool { return r.Upload.State == upload.Running }

// Percent is how much of the file is worked, as "45 %"; "" when nothing runs or
// that is not known.
func (r importRow) Percent() string {
	p := progressOf(&r.Upload, "")
	if !r.Running() || p.Percent < 0 {
		return ""
	}
	return strconv.Itoa(p.Percent) + " %"
}

// Existing is how many rows had a contact that is in the address book.
func (r importRow) Existing() int { return r.Stats.Success - r.New }

// NotImported is how many rows failed or are duplicates.
func (r importRow) NotImported() int { return r.Stats.Duplicate + r.Stats.Failed }

// ErrorsKept is how many of them have a line in the file of errors.
func (r importRow) ErrorsKept() int { return r.Upload.ErrorsKept() }

func (d *Dashboard) importsPage(r *http.Request) (answer, error) {
	form := newImportForm()
	form.ListName.Value = r.URL.Query().Get("list")
	return d.showImports(r, form)
}

// showImports shows the form and the uploads, newest first.
func (d *Dashboard) showImports(r *http.Request, form importForm) (answer, error) {
	acct := accountOf(r)
	w := addressbook.Window{Limit: importsOnPage, Desc: true}
	if after := r.URL.Query().Get("after"); after != "" {
		sid, ok := addressbook.ParseSID(after)
		if !ok {
			return answer{}, errNoPage
		}
		w.After = &addressbook.Position{SID: sid}
	}
	page, err := d.cfg.Imports.Uploads(r.Context(), acct, w)
	if err != nil {
		return answer{}, err
	}
	data := importsList{Kept: d.importsKept(), Form: form, Total: page.Total, Here: "/imports", First: w.After == nil}
	if w.After != nil {
		data.Here = "/imports?after=" + w.After.SID.String()
	}
	for _, u := range page.Uploads {
		data.Imports = append(data.Imports, rowOf(u))
	}
	if page.Next != nil {
		data.Next = "after=" + page.Next.SID.String()
	}
	if data.Form.Lists, err = d.listNames(r, acct); err != nil {
		return answer{}, err
	}
	if data.First {
		data.Pending, err = d.cfg.Imports.PendingFiles(r.Context(), acct)
	}
	a := show("imports", "Imports", data)
	a.fragment = "import-list"
	return a, err
}

// listNames are the names of the lists that were used last.
func (d *Dashboard) listNames(r *http.Request, acct account.Account) ([]string, error) {
	page, err := d.cfg.Book.Lists(r.Context(), acct, addressbook.ListQuery{
		Window: addressbook.Window{Limit: suggestedLists, Sort: addressbook.ByUpdated, Desc: true},
	})
	names := make([]string, len(page.Lists))
	for i, l := range page.Lists {
		names[i] = l.Name
	}
	return names, err
}

// receiveImport takes a file, which waits until it is started.
func (d *Dashboard) receiveImport(r *http.Request) (answer, error) {
	form := newImportForm()
	file, err := d.readUpload(r, &form)
	if err != nil {
		// Browsers show an answer only when they could send everything.
		_, _ = io.CopyN(io.Discard, r.Body, 2*maxUploadForm)
		return answer{}, err
	}
	defer file.Discard()
	request, ok := form.request()
	if file == nil {
		form.FileError, ok = sentence(fault.Mandatory(upload.FieldFile)), false
	}
	if ok {
		pending, err := d.cfg.Imports.AddPending(r.Context(), file, request)
		if err == nil {
			return goTo("/imports/" + pending.SID.String() + "/draft"), nil
		}
		if err := form.refused(err); err != nil {
			return answer{}, err
		}
	}
	a, err := d.showImports(r, form)
	a.fragment = "new-import"
	return a.invalid(), err
}

// uploadOf returns the upload that the path names.
func (d *Dashboard) uploadOf(r *http.Request) (upload.Upload, error) {
	sid, ok := addressbook.ParseSID(r.PathValue("sid"))
	if !ok {
		return upload.Upload{}, errNoImport
	}
	u, err := d.cfg.Imports.Upload(r.Context(), accountOf(r), sid)
	if fault.Is(err, fault.NotFound) {
		err = errNoImport
	}
	return u, err
}

var errNoImport = fault.New(fault.NotFound, "There is no such import.")

// importResult is what the template import.html shows.
type importResult struct {
	importRow
	Progress progress
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
func (d *Dashboard) importsKept() string {
	switch kept := d.cfg.Imports.Retention(); {
	case kept == upload.Forever:
		return ""
	case kept%(24*time.Hour) == 0:
		return count(int(kept/(24*time.Hour))) + " days"
	default:
		return kept.String()
	}
}

func (d *Dashboard) importPage(r *http.Request) (answer, error) {
	u, err := d.uploadOf(r)
	if err != nil {
		return answer{}, err
	}
	data, err := d.resultOf(r, u)
	if err != nil {
		return answer{}, err
	}
	pending, err := d.cfg.Imports.PendingFiles(r.Context(), accountOf(r))
	if err != nil {
		return answer{}, err
	}
	for i := range pending {
		if pending[i].Trial == u.SID {
			data.Pending = &pending[i]
		}
	}
	switch _, err := d.cfg.Book.List(r.Context(), accountOf(r), u.List); {
	case fault.Is(err, fault.NotFound):
		data.ListGone = true
	case err != nil:
		return answer{}, err
	}
	return show("import", fileOr(u.FileName), data), nil
}

// resultOf tells how far an upload is, and once it has ended what became of its
// rows.
func (d *Dashboard) resultOf(r *http.Request, u upload.Upload) (importResult, error) {
	data := importResult{
		importRow: rowOf(u),
		Progress:  progressOf(&u, "/imports/"+u.SID.String()+"/progress"),
		Kept:      d.importsKept(),
		ErrorsURL: "/imports/" + u.SID.String() + "/errors.csv",
	}
	if data.Running() || data.ErrorsKept() == 0 {
		return data, nil
	}
	var err error
	data.Reasons, err = d.cfg.Imports.Reasons(r.Context(), accountOf(r), u.SID)
	return data, err
}

// importProgress is the piece of the page that is asked for again and again
// while an import runs.
func (d *Dashboard) importProgress(r *http.Request) (answer, error) {
	u, err := d.uploadOf(r)
	if err != nil {
		return answer{}, err
	}
	return d.progressPiece(r, u, "/imports/"+u.SID.String()), nil
}

// progressPiece is the progress of an upload that runs, and then the page with
// its result. Whoever has no script gets that page in any case.
func (d *Dashboard) progressPiece(r *http.Request, u upload.Upload, page string) answer {
	if u.State != upload.Running || !byHTMX(r) {
		return goTo(page)
	}
	a := show("import", "", progressOf(&u, page+"/progress"))
	a.fragment = "progress"
	return a
}

func (d *Dashboard) cancelImport(r *http.Request) (answer, error) {
	u, err := d.uploadOf(r)
	if err != nil {
		return answer{}, err
	}
	page := "/imports/" + u.SID.String()
	if u.State != upload.Running {
		return goTo(page).saying("It had ended already."), nil
	}
	if err := d.cfg.Imports.Cancel(r.Context(), accountOf(r), u.SID, nil); err != nil {
		return answer{}, err
	}
	return goTo(page).saying("The import is cancelled. What was imported before stays."), nil
}

// importErrors is the file of the rows that were not imported, as the API has
// it.
func (d *Dashboard) importErrors(r *http.Request) (answer, error) {
	u, err := d.uploadOf(r)
	if err != nil {
		return answer{}, err
	}
	acct := accountOf(r)
	return answer{raw: func(w http.ResponseWriter, r *http.Request) {
		asked := r.Clone(r.Context())
		asked.URL.Path = "/v2/accounts/" + acct.SID + "/csv-status/" + u.SID.String() + "/errors"
		asked.URL.RawPath, asked.URL.RawQuery = "", ""
		d.api(r).ServeHTTP(w, asked)
	}}, nil
}
