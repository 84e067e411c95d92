package imports

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/upload"
	"callbook/internal/web/shell"
)

// changePending applies the form of a pending file. One of its buttons only does that;
// the others also go on from there.
func (room *Room) changePending(r *http.Request) (shell.Answer, error) {
	file, err := room.pendingOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	form := newImportForm()
	for name := range r.PostForm {
		form.set(name, r.PostForm.Get(name))
	}
	request, ok, err := room.request(r, &form)
	if err != nil {
		return shell.Answer{}, err
	}
	if ok {
		// Compare the form with what the header alone would mean.
		plain := file
		request.Mapping = readFileForm(r, file.Request.Mapping)
		plain.Request = request
		look, err := room.Imports.Preview(r.Context(), &plain)
		if err = form.refusedFile(err); err != nil {
			return shell.Answer{}, err
		}
		switch {
		case form.FileError != "":
			a, err := room.showPending(r, file, &form)
			return a.Invalid(), err
		case readsFileOtherwise(request.Mapping, file.Request.Mapping):
			// The columns are different now, so guess their uses again.
			request.Mapping, err = room.Imports.GuessMapping(r.Context(), &plain)
		default:
			request.Mapping = mappingOf(r, request.Mapping, look, request.Type != file.Request.Type, r.PostForm.Get("then") == "take")
		}
		if err != nil {
			return shell.Answer{}, err
		}
		if request.Mapping.NoHeader != file.Request.Mapping.NoHeader || !sameRequest(request, file.Request) {
			changed, err := room.Imports.ChangePending(r.Context(), shell.AccountOf(r), file.SID, request)
			if err == nil {
				file = changed
			} else if err = form.refused(err); err != nil {
				return shell.Answer{}, err
			} else {
				ok = false
			}
		}
	}
	if !ok {
		form.columns = r.PostForm
		a, err := room.showPending(r, file, &form)
		return a.Invalid(), err
	}
	return room.goOn(r, file, &form, r.PostForm.Get("then"))
}

func sameRequest(a, b upload.Request) bool {
	return a.ListName == b.ListName && a.Type == b.Type && a.Options == b.Options && a.Mapping.Encode() == b.Mapping.Encode()
}

// goOn does what the pressed button says.
func (room *Room) goOn(r *http.Request, file upload.PendingFile, form *importForm, then string) (shell.Answer, error) {
	page := "/imports/" + file.SID.String()
	var err error
	switch then {
	case "try":
		if _, err = room.Imports.TryPending(r.Context(), shell.AccountOf(r), file.SID); err == nil {
			return shell.GoTo(page + "/pending#check"), nil
		}
	case "start":
		if _, err = room.Imports.StartPending(r.Context(), shell.AccountOf(r), file.SID); err == nil {
			return shell.GoTo(page), nil
		}
	default:
		return shell.GoTo(page + "/pending"), nil
	}
	if err := form.refused(err); err != nil {
		return shell.Answer{}, err
	}
	a, err := room.showPending(r, file, form) // the page shows the errors of the columns
	return a.Invalid(), err
}

// trialProgress returns the progress of a file's dry run.
func (room *Room) trialProgress(r *http.Request) (shell.Answer, error) {
	file, err := room.pendingOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	page := "/imports/" + file.SID.String() + "/pending"
	if file.Trial == (addressbook.SID{}) {
		return shell.GoTo(page), nil
	}
	u, err := room.Imports.Upload(r.Context(), shell.AccountOf(r), file.Trial)
	if err != nil {
		return shell.Answer{}, err
	}
	return room.progressPiece(r, u, page), nil
}

func (room *Room) discardPending(r *http.Request) (shell.Answer, error) {
	if sid, ok := addressbook.ParseSID(r.PathValue("sid")); ok {
		if err := room.Imports.DiscardPending(r.Context(), shell.AccountOf(r), sid); err != nil {
			return shell.Answer{}, err
		}
	}
	return shell.GoTo("/imports").Saying("The file is removed. Nothing was imported."), nil
}
