package imports

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// importResult is the data of the template import.html.
type importResult struct {
	words.ImportRow
	Progress words.Progress
	Reasons  upload.Reasons
	// Pending is the pending file of which this is the dry run, or nil.
	Pending *upload.PendingFile
	// ListGone means that the list does not exist: it was not created yet, or was
	// deleted.
	ListGone bool
	// Undone is the progress of an undo, or nil. CanUndo means that the import can be
	// undone.
	Undone  *Undone
	CanUndo bool
	// ErrorsURL is the URL of the file with the rows that were not imported.
	ErrorsURL string
	Kept      string // how long imports are stored; "" means forever
}

// importsKept returns how long imports are stored after their end.
func (room *Room) importsKept() string {
	if kept := room.Imports.Retention(); kept != upload.Forever {
		return words.Length(kept)
	}
	return ""
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
	if data.ListGone, err = room.listGone(r, u.List); err != nil {
		return shell.Answer{}, err
	}
	data.CanUndo = canUndo(&u)
	if data.Undone, err = room.undoneOf(r, &u); err != nil {
		return shell.Answer{}, err
	}
	return pages.Show("import", data.Name(), data), nil
}

// listGone reports whether a list does not exist.
func (room *Room) listGone(r *http.Request, list addressbook.SID) (bool, error) {
	_, err := room.Book.List(r.Context(), shell.AccountOf(r), list)
	if fault.Is(err, fault.NotFound) {
		return true, nil
	}
	return false, err
}

// resultOf returns the progress of an upload, and its results after its end.
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

// importProgress returns the part of the page that htmx loads repeatedly while an import
// runs.
func (room *Room) importProgress(r *http.Request) (shell.Answer, error) {
	u, err := room.uploadOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	return room.progressPiece(r, u, "/imports/"+u.SID.String()), nil
}

// progressPiece returns the progress of a running upload, and after its end the page with
// the results. Without script, it always returns that page.
func (room *Room) progressPiece(r *http.Request, u upload.Upload, page string) shell.Answer {
	if u.State != upload.Running || !shell.ByHTMX(r) {
		return shell.GoTo(page)
	}
	return pages.Show("import", "", words.ProgressOf(&u, page+"/progress")).Piece("progress")
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
	if u.DryRun {
		return shell.GoTo(page).Saying("The check has ended. Nothing was imported by it."), nil
	}
	return shell.GoTo(page).Saying("The import is cancelled. What was imported before stays."), nil
}

// importErrors returns the API's file of the rows that were not imported.
func (room *Room) importErrors(r *http.Request) (shell.Answer, error) {
	u, err := room.uploadOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.FromAPI("/csv-status/"+u.SID.String()+"/errors", nil), nil
}
