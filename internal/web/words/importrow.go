package words

import (
	"strconv"
	"time"

	"callbook/internal/upload"
)

// ImportRow is an upload in a table of imports.
type ImportRow struct {
	upload.Upload
	State stateWords
}

// stateWords are the words for the state of an upload, and the kind of their badge.
type stateWords struct{ Kind, Text string }

// ImportRowOf returns the row for an upload.
func ImportRowOf(u upload.Upload) ImportRow {
	return ImportRow{Upload: u, State: wordsOf(&u)}
}

func wordsOf(u *upload.Upload) stateWords {
	switch {
	case u.Undo.Running:
		return stateWords{"", "Undoing"}
	case !u.Undo.IsZero():
		return stateWords{"", "Undone"}
	case u.State == upload.Running && u.DryRun:
		return stateWords{"", "Checking"}
	case u.State == upload.Running:
		return stateWords{"", "Running"}
	case u.State == upload.Completed && u.DryRun && u.Stats.Failed > 0:
		return stateWords{"warn", "Checked, some rows would fail"}
	case u.State == upload.Completed && u.DryRun:
		return stateWords{"good", "Checked"}
	case u.State == upload.Completed && u.Stats.Failed > 0:
		return stateWords{"warn", "Done, some rows failed"}
	case u.State == upload.Completed:
		return stateWords{"good", "Done"}
	case u.State == upload.Cancelled && u.DryRun:
		return stateWords{"", "Not finished"}
	case u.State == upload.Cancelled:
		return stateWords{"warn", "Cancelled"}
	case u.State == upload.ListGone:
		return stateWords{"bad", "Stopped: the list was deleted"}
	case u.State == upload.FileChanged:
		return stateWords{"bad", "Stopped: the file is not as long any more as the one that came"}
	}
	return stateWords{"bad", "Stopped: the file is gone"}
}

// Name returns the name of the upload's file, and says if the upload was a check only.
func (r ImportRow) Name() string {
	if r.DryRun {
		return "Check of " + FileName(r.FileName)
	}
	return FileName(r.FileName)
}

// FileName returns a name for a file, even if the browser has sent none.
func FileName(name string) string {
	if name == "" {
		return "File without a name"
	}
	return name
}

// Running reports whether the upload has rows left.
func (r ImportRow) Running() bool { return r.Upload.State == upload.Running }

// Percent returns how much of the file is done, such as "45 %". It returns "" if the
// upload is not running or that is unknown.
func (r ImportRow) Percent() string {
	p := ProgressOf(&r.Upload, "")
	if !r.Running() || p.Percent < 0 {
		return ""
	}
	return strconv.Itoa(p.Percent) + " %"
}

// NotImported returns how many rows have failed or were duplicates.
func (r ImportRow) NotImported() int { return r.Stats.Duplicate + r.Stats.Failed }

// ErrorsKept returns how many of them the file of errors has.
func (r ImportRow) ErrorsKept() int { return r.Upload.ErrorsKept() }

// Progress is the progress of an upload.
type Progress struct {
	URL     string // of the next progress
	Rows    int
	Percent int    // of the file's bytes; -1 means unknown
	Rate    int    // rows per second
	Left    string // the remaining time; "" means unknown
}

// leastForRate is how long an import must have run before its rate means anything.
const leastForRate = time.Second

// ProgressOf returns the progress of an upload. A page gets the next one at url.
func ProgressOf(u *upload.Upload, url string) Progress {
	p := Progress{URL: url, Rows: u.Stats.Total(), Percent: -1}
	if u.Size > 0 {
		p.Percent = int(100 * min(u.Position.Offset, u.Size) / u.Size)
	}
	took := u.Updated.Sub(u.Started)
	if p.Rows == 0 || took < leastForRate {
		return p
	}
	p.Rate = int(float64(p.Rows) / took.Seconds())
	if u.Size > 0 && u.Position.Offset > 0 {
		p.Left = about(time.Duration(float64(took) / float64(u.Position.Offset) * float64(u.Size-u.Position.Offset)))
	}
	return p
}

// about returns a duration in words that are no more precise than the estimate.
func about(left time.Duration) string {
	switch {
	case left < 2*time.Second:
		return "a moment"
	case left < 90*time.Second:
		return "about " + Count(int(left.Round(time.Second).Seconds())) + " seconds"
	case left < 90*time.Minute:
		return "about " + Count(int(left.Round(time.Minute).Minutes())) + " minutes"
	}
	return "about " + Count(int(left.Round(time.Hour).Hours())) + " hours"
}
