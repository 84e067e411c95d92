package contacts

import (
	"fmt"
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/export"
	"callbook/internal/fault"
	"callbook/internal/slowbody"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
)

// exportSelected sends the selected contacts as a file. It omits those that somebody has
// deleted in the meantime.
func (room *Room) exportSelected(r *http.Request) (shell.Answer, error) {
	ctx, acct, s := r.Context(), shell.AccountOf(r), contacttable.SelectionIn(r.PostForm)
	format := contacttable.FormatIn(r.PostForm)
	if s.All {
		return shell.GoTo(s.ExportURL(format)), nil
	}
	if len(s.SIDs) == 0 {
		return s.Refused(contacttable.ErrNoneSelected)
	}
	share := budget.Of(ctx)
	contacts := make([]addressbook.Contact, 0, len(s.SIDs))
	for _, sid := range s.SIDs {
		c, err := room.Book.Contact(ctx, acct, sid)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err == nil {
			err = share.Claim(c.Weight())
		}
		if err != nil {
			return shell.Answer{}, err
		}
		contacts = append(contacts, c)
	}
	return shell.Answer{Raw: func(w http.ResponseWriter, r *http.Request) {
		mediaType, write := export.CSVType, (*export.Export).CSV
		if format == "xlsx" {
			mediaType, write = export.XLSXType, (*export.Export).XLSX
		}
		h := w.Header()
		h.Set("Content-Type", mediaType)
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="selected-%s.%s"`, acct.SID, format))
		if err := write(export.Of(acct, contacts), r.Context(), slowbody.NewAnswer(w, budget.Of(r.Context()).Scarce)); err != nil {
			panic(http.ErrAbortHandler) // the client went away, or would take the part of a file for the whole
		}
	}}, nil
}
