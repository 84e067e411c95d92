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

// suppressionsPath is the page of the numbers that are not called, which has the form for
// a file of them.
const suppressionsPath = "/campaigns/suppressions"

// receiveSuppressions takes a file of numbers that no campaign may call, and starts it.
func (room *Room) receiveSuppressions(r *http.Request) (shell.Answer, error) {
	var form importForm
	file, err := room.readUpload(r, &form)
	if err != nil {
		// Browsers show an answer only when they could send everything.
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
