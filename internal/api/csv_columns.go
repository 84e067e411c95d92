package api

import (
	"net/http"

	"callbook/internal/fault"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// uploadColumns answers with the columns of the last file that was uploaded to a list.
// Exotel documents this route without an answer, so the format is callbook's own.
func (a *API) uploadColumns(r *http.Request) (reply, error) {
	words, err := parseWords(r)
	if err != nil {
		return reply{}, err
	}
	kind, given, err := uploadType(words.Get("type"))
	if err != nil {
		return reply{}, err
	}
	list, err := a.book.List(r.Context(), accountOf(r), sidIn(r, "list_sid"))
	if err != nil {
		return reply{}, err
	}
	if given && kind != list.Type {
		return reply{}, upload.ErrOtherType(list.Type)
	}
	u, err := a.imports.LastUploadTo(r.Context(), accountOf(r), list.SID)
	if fault.Is(err, fault.NotFound) {
		return reply{}, errNoFileKept
	}
	if err != nil {
		return reply{}, err
	}
	return dataReply(r, func(b []byte) []byte {
		b = append(b, `{"list_sid":"`...)
		b = list.SID.AppendTo(b)
		b = append(b, `","list_name":`...)
		b = appendString(b, list.Name)
		b = append(b, `,"type":"`...)
		b = append(b, listTypes[list.Type]...)
		b = append(b, `","headers":[`...)
		for i, name := range table.ColumnNames(u.Header) {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, name)
		}
		return append(b, `]}`...)
	}), nil
}

var errNoFileKept = fault.New(fault.NotFound, "No file that was uploaded to this list is known any more")
