package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/upload"
)

// receipts checks that receipts can be read and that old ones were deleted, and
// recounts the accounts' totals.
func (r *runner) receipts(ctx context.Context) error {
	r.count(0, "receipts")
	now := time.Now().UnixNano()
	old := int64(0)
	for _, a := range r.accounts {
		unreadable := int64(0)
		var total journal.Total
		err := r.view.Receipts(ctx, a.ID, func(receipt *Receipt) error {
			r.row()
			r.count(1, "receipts")
			total.Receipts++
			total.Bytes += (&journal.Receipt{Key: string(receipt.Key), Body: receipt.Body}).Cost()
			if now-receipt.Created > int64(journal.Lifetime) {
				old++
			}
			if !readable(receipt) {
				unreadable++
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
		if unreadable > 0 {
			r.problem(a.SID, fmt.Sprintf("%d receipts are no answers that could be given again", unreadable))
		}
		if !r.view.Has("receipt_totals") {
			continue
		}
		switch counted, err := r.view.ReceiptTotal(ctx, a.ID); {
		case err != nil:
			return fmt.Errorf("account %s: %w", a.SID, err)
		case counted != total:
			r.problem(a.SID, fmt.Sprintf("its counter says %d receipts of %d bytes, and there are %d of %d",
				counted.Receipts, counted.Bytes, total.Receipts, total.Bytes))
		}
	}
	if old > 0 {
		r.note(fmt.Sprintf("%d receipts are over %d hours old; a running server deletes those that it keeps no longer", old, int(journal.Lifetime/time.Hour)))
	}
	return nil
}

func readable(receipt *Receipt) bool {
	if len(receipt.Key) < 1 || len(receipt.Key) > journal.MaxKeyLength || len(receipt.Request) != 32 {
		return false
	}
	if receipt.Status < 200 || receipt.Status > 599 {
		return false
	}
	if len(receipt.Body) == 0 {
		return true
	}
	kept := journal.Receipt{Encoding: journal.Encoding(receipt.Encoding), Body: receipt.Body}
	answer, err := kept.Open()
	if err != nil {
		return false
	}
	defer answer.Close()
	body, err := io.ReadAll(answer)
	return err == nil && int64(len(body)) == answer.Size && json.Valid(body)
}

// uploads checks that running uploads and drafts have their files, and that the
// counts of uploads are consistent.
func (r *runner) uploads(ctx context.Context) error {
	r.count(0, "uploads")
	files, err := r.view.Files(ctx)
	if err != nil {
		return err
	}
	r.count(int64(len(files)), "files")
	for _, a := range r.accounts {
		var unsure []addressbook.SID // without a file; they may have ended in the meantime
		err := r.view.Uploads(ctx, a.ID, func(u *Upload) error {
			r.row()
			r.count(1, "uploads")
			bad := func(text string) { r.problem(a.SID, fmt.Sprintf("upload %x %s", u.SID, text)) }
			if len(u.SID) != len(addressbook.SID{}) {
				bad(fmt.Sprintf("has a sid of %d bytes", len(u.SID)))
				return nil
			}
			for _, text := range uploadProblems(u) {
				bad(text)
			}
			sid := addressbook.SID(u.SID)
			file, there := files[sid]
			delete(files, sid)
			switch {
			case !u.Pending && u.State != int64(upload.Running):
			case !there:
				unsure = append(unsure, sid)
			case file.Broken || u.Size > 0 && file.Size != u.Size:
				bad(fmt.Sprintf("has a file of %d bytes, and %d came", file.Size, u.Size))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
		for _, sid := range unsure {
			ended, err := r.view.Ended(ctx, a.ID, sid)
			if err != nil {
				return fmt.Errorf("account %s: %w", a.SID, err)
			}
			if !ended {
				r.problem(a.SID, fmt.Sprintf("upload %s has rows left, and no file", sid))
			}
		}
	}
	if len(files) > 0 {
		r.note(fmt.Sprintf("%d files are of no upload: they are coming at this moment, or the next start of a server removes them", len(files)))
	}
	return nil
}

// uploadProblems returns what is wrong with the counts of an upload.
func uploadProblems(u *Upload) (found []string) {
	if u.Pending {
		return nil
	}
	if u.State < int64(upload.Running) || u.State > int64(upload.FileChanged) {
		found = append(found, fmt.Sprintf("is in state %d, which there is not", u.State))
	}
	if u.ErrorRows > u.Duplicate+u.Failed {
		found = append(found, fmt.Sprintf("has %d error rows, and counts %d rows that failed or are duplicates", u.ErrorRows, u.Duplicate+u.Failed))
	}
	if u.Fresh > u.Success {
		found = append(found, fmt.Sprintf("counts %d new contacts, and %d rows that succeeded", u.Fresh, u.Success))
	}
	if u.Position < 0 || u.Size > 0 && u.Position > u.Size {
		found = append(found, fmt.Sprintf("is at byte %d of a file of %d", u.Position, u.Size))
	}
	return found
}
