package imports

import (
	"io"
	"net/http"

	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/upload"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// suppressionsPath is the page of suppressed numbers, which has the form that uploads a
// file of them.
const suppressionsPath = "/campaigns/suppressions"

// receiveSuppressions receives a file of numbers to suppress, and starts its import.
func (room *Room) receiveSuppressions(r *http.Request) (shell.Answer, error) {
	var form importForm
	file, err := room.readUpload(r, &form)
	if err != nil {
		// Browsers show an answer only after they have sent everything.
		_, _ = io.CopyN(io.Discard, r.Body, 2*maxUploadForm)
		return shell.Answer{}, err
	}
	defer file.Discard()
	var started upload.Upload
	err = room.Imports.Start(r.Context(), shell.AccountOf(r), file, upload.Request{Suppresses: true}, func(s upload.Started) *journal.Receipt {
		started = s.Upload
		return nil
	})
	if f := fault.As(err); fault.Is(err, fault.Invalid) || fault.Is(err, fault.Missing) {
		return shell.GoTo(suppressionsPath).Warning(words.Sentence(f)), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/imports/" + started.SID.String()), nil
}
