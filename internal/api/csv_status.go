package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/csvcell"
	"callbook/internal/journal"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// uploadStatuses are the states of uploads in the API. Exotel has only these three, so an
// upload that ended before its last row has failed.
var uploadStatuses = map[upload.State]string{
	upload.Running:     "in-progress",
	upload.Completed:   "completed",
	upload.Cancelled:   "failed",
	upload.ListGone:    "failed",
	upload.FileGone:    "failed",
	upload.FileChanged: "failed",
}

// uploadReasons say why an upload has failed.
var uploadReasons = map[upload.State]string{
	upload.Cancelled:   "cancelled",
	upload.ListGone:    "list deleted",
	upload.FileGone:    "file lost",
	upload.FileChanged: "file changed",
}

func uploadsPath(acct account.Account) string { return "/v2/accounts/" + acct.SID + "/csv-uploads" }

// dataReply returns the answer with the data that appendData appends.
func dataReply(r *http.Request, appendData func([]byte) []byte) reply {
	answer := newReply(r, http.StatusOK)
	b := append(answer.body, `,"response":`+successItem...)
	answer.body = append(appendData(b), `}}`...)
	return answer
}

func appendStatusPath(b []byte, u *upload.Upload) []byte {
	b = append(b, "/v2/accounts/"...)
	b = append(b, u.Account.SID...)
	b = append(b, "/csv-status/"...)
	return u.SID.AppendTo(b)
}

func appendUploadHead(b []byte, u *upload.Upload) []byte {
	b = append(b, `{"upload_id":"`...)
	b = u.SID.AppendTo(b)
	b = append(b, `","list_sid":"`...)
	b = u.List.AppendTo(b)
	return append(b, '"')
}

// started appends the answer to a received file: the list and the summary. Some clients
// read the one, some the other.
func (e *encoder) started(b []byte, s *upload.Started) []byte {
	u := &s.Upload
	b = append(b, `{"list":`...)
	b = e.list(b, &s.List)
	b = append(b, `,"summary":`...)
	b = appendUploadHead(b, u)
	b = append(b, `,"list_name":`...)
	b = appendString(b, u.ListName)
	b = append(b, `,"url":"`...)
	b = appendStatusPath(b, u)
	return append(b, `"}}`...)
}

func appendStats(b []byte, s upload.Stats) []byte {
	for _, field := range []struct {
		key   string
		value int
	}{
		{`"stats":{"duplicate":`, s.Duplicate},
		{`,"total":`, s.Total()},
		{`,"success":`, s.Success},
		{`,"failed":`, s.Failed},
	} {
		b = append(b, field.key...)
		b = strconv.AppendInt(b, int64(field.value), 10)
	}
	return append(b, '}')
}

// appendDryRun appends the fields that only a dry run has.
func appendDryRun(b []byte, u *upload.Upload) []byte {
	if !u.DryRun {
		return b
	}
	b = append(b, `,"dry_run":{"new":`...)
	b = strconv.AppendInt(b, int64(u.New), 10)
	b = append(b, `,"existing":`...)
	b = strconv.AppendInt(b, int64(u.Stats.Success-u.New), 10)
	return append(b, '}')
}

// appendStatus appends the fields that Exotel's API has for an upload.
func appendStatus(b []byte, u *upload.Upload) []byte {
	b = appendUploadHead(b, u)
	b = append(b, `,"status":"`...)
	b = append(b, uploadStatuses[u.State]...)
	b = append(b, `",`...)
	b = appendStats(b, u.Stats)
	b = appendDryRun(b, u)
	if reason, ok := uploadReasons[u.State]; ok {
		b = appendString(append(b, `,"reason":`...), reason)
	}
	if u.Errors.Omitted > 0 {
		b = strconv.AppendInt(append(b, `,"errors_omitted":`...), int64(u.Errors.Omitted), 10)
	}
	b = appendFile(append(b, `,"file":`...), u)
	return append(b, '}')
}

// upload appends the fields that callbook's own routes have for an upload.
func (e *encoder) upload(b []byte, u *upload.Upload) []byte {
	b = appendUploadHead(b, u)
	b = append(b, `,"list_name":`...)
	b = appendString(b, u.ListName)
	b = append(b, `,"type":"`...)
	b = append(b, listTypes[u.Type]...)
	b = append(b, `","status":"`...)
	b = append(b, uploadStatuses[u.State]...)
	b = append(b, `","reason":`...)
	if reason, ok := uploadReasons[u.State]; ok {
		b = appendString(b, reason)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, ',')
	b = appendStats(b, u.Stats)
	b = appendDryRun(b, u)
	b = appendUndo(b, u)
	b = strconv.AppendInt(append(b, `,"errors_omitted":`...), int64(u.Errors.Omitted), 10)
	b = append(b, ',')
	b = e.appendDates(b, u.Created, u.Updated)
	b = append(b, `,"url":"`...)
	b = appendStatusPath(b, u)
	b = append(b, `","errors_url":"`...)
	b = appendStatusPath(b, u)
	return append(b, `/errors"}`...)
}

func (a *API) csvStatus(r *http.Request) (reply, error) {
	u, err := a.imports.Upload(r.Context(), accountOf(r), sidIn(r, "upload_id"))
	if err != nil {
		return reply{}, err
	}
	return dataReply(r, func(b []byte) []byte { return appendStatus(b, &u) }), nil
}

// uploadWeight bounds the memory of an upload, with the names of its list and its file.
const uploadWeight = 12 << 10

func (a *API) csvUploads(r *http.Request) (reply, error) {
	w, err := parseUnsorted(r, uploadsPath(accountOf(r)), maxLimit)
	if err != nil {
		return reply{}, err
	}
	// Uploads have only one order, so sort_by is ignored.
	w.words.Del("sort_by")
	if w.words.Has("cursor") {
		if err := w.parseCursor(w.words.Get("cursor")); err != nil {
			return reply{}, err
		}
		if w.Sort != addressbook.ByCreated || !w.Desc {
			return reply{}, errCursor
		}
	}
	w.Sort, w.Desc = addressbook.ByCreated, true
	if err := budget.Of(r.Context()).Take(r.Context(), int64(w.Limit)*uploadWeight); err != nil {
		return reply{}, err
	}
	page, err := a.imports.Uploads(r.Context(), accountOf(r), upload.Query{Window: w.Window, Contacts: true})
	if err != nil {
		return reply{}, err
	}
	w.next = page.Next
	e := newEncoder(accountOf(r))
	return pageReply(r, w, len(page.Uploads), page.Total, func(b []byte, i int) []byte {
		return e.upload(b, &page.Uploads[i])
	}), nil
}

func (a *API) cancelUpload(r *http.Request) (reply, error) {
	e := newEncoder(accountOf(r))
	answer := pending{r: r}
	return answer.end(a.imports.Cancel(r.Context(), accountOf(r), sidIn(r, "upload_id"), func(u upload.Upload) *journal.Receipt {
		return answer.keep(dataReply(r, func(b []byte) []byte { return e.upload(b, &u) }))
	}))
}

// omittedHeader says how many error rows were not stored. It is a header, because an
// upload of the file would import a row with it.
const omittedHeader = "Errors-Omitted"

// errorPage is how many error rows are read at once. ErrorBytes is twice their largest
// size: a row of a file may have 256 KiB.
const (
	errorPage  = 32
	errorBytes = 2 * errorPage * (256 << 10)
)

// csvErrors streams an upload's error rows, page by page, since there may be as many as
// the file had rows.
func (a *API) csvErrors(w http.ResponseWriter, r *http.Request) {
	acct := accountOf(r)
	u, err := a.imports.Upload(r.Context(), acct, sidIn(r, "upload_id"))
	if err == nil {
		err = budget.Of(r.Context()).Take(r.Context(), errorBytes)
	}
	if err != nil {
		Fail(w, r, err)
		return
	}
	done, err := a.gate.download(acct.ID)
	if err != nil {
		Fail(w, r, err)
		return
	}
	defer done()
	rows, err := a.imports.ErrorRows(r.Context(), acct, u.SID, 0, errorPage)
	if err != nil {
		Fail(w, r, err)
		return
	}
	headers := http.Header{}
	headers.Set("Content-Type", "text/csv; charset=utf-8")
	headers.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="errors-%s.csv"`, u.SID))
	headers.Set(omittedHeader, strconv.Itoa(u.Errors.Omitted))
	file := newDownload(w, r, headers)
	if r.Method == http.MethodHead {
		file.begin()
		return
	}
	ctx, release := file.whilePermitted(context.WithoutCancel(r.Context()), a.clock.Tick(permitEvery))
	defer release()
	var page bytes.Buffer
	page.WriteString(csvcell.ByteOrderMark)
	appendRecord(&page, table.ErrorHeader(u.Header), table.ErrorColumns...)
	for {
		for i := range rows {
			row := &rows[i]
			appendRecord(&page, row.Record,
				strconv.FormatInt(row.Line, 10), strconv.Itoa(wireFaults[row.Kind].code), row.Reason)
		}
		if _, err := io.Copy(file, &page); err != nil || len(rows) < errorPage {
			file.end(err)
			return
		}
		rows, err = a.imports.ErrorRows(ctx, acct, u.SID, rows[len(rows)-1].Line, errorPage)
		if err != nil {
			file.end(err)
			return
		}
	}
}

// appendRecord appends cells and then a record that is CSV already.
func appendRecord(b *bytes.Buffer, record []byte, cells ...string) {
	w := csv.NewWriter(b)
	// Writing to a buffer with a valid separator cannot fail.
	_ = w.Write(cells)
	w.Flush()
	b.Truncate(b.Len() - len("\n"))
	b.WriteByte(',')
	b.Write(record)
	b.WriteByte('\n')
}
