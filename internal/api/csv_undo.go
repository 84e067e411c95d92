package api

import (
	"net/http"
	"strconv"

	"callbook/internal/upload"
)

// undoUpload starts to undo an upload. Repeating it changes nothing, so the receipt of a
// request with a key is stored after the work.
func (a *API) undoUpload(r *http.Request) (reply, error) {
	words, err := parseWords(r)
	if err != nil {
		return reply{}, err
	}
	all, err := boolWord(words, "delete_used")
	if err != nil {
		return reply{}, err
	}
	u, err := a.imports.Undo(r.Context(), accountOf(r), sidIn(r, "upload_id"), all)
	if err != nil {
		return reply{}, err
	}
	e := newEncoder(accountOf(r))
	answer := dataReply(r, func(b []byte) []byte { return e.upload(b, &u) })
	if attempt := attemptOf(r); attempt != nil {
		if err := attempt.Keep(r.Context(), answer.status, answer.body); err != nil {
			answers.put(answer.body)
			return reply{}, err
		}
	}
	return answer, nil
}

// appendUndo appends the progress of undoing an upload, if somebody has asked for it.
func appendUndo(b []byte, u *upload.Upload) []byte {
	if u.Undo.IsZero() {
		return b
	}
	b = append(b, `,"undo":{"status":"`...)
	if u.Undo.Running {
		b = append(b, "in-progress"...)
	} else {
		b = append(b, "completed"...)
	}
	b = strconv.AppendInt(append(b, `","added":`...), int64(u.Tally.Added.Contacts), 10)
	b = strconv.AppendInt(append(b, `,"joined":`...), int64(u.Tally.Added.Members), 10)
	b = strconv.AppendInt(append(b, `,"kept":`...), int64(u.Undo.Kept), 10)
	return append(b, '}')
}
