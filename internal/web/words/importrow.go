package words

import (
	"strconv"
	"time"

	"callbook/internal/upload"
)

// ImportRow is an upload as pages show it.
type ImportRow struct {
	upload.Upload
	State stateWords
}

// stateWords tell of an upload's state: the kind is one of the badges.
type stateWords struct{ Kind, Text string }

// ImportRowOf returns the row of an upload.
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

// Name is what the upload is called by its file. A check is called one.
func (r ImportRow) Name() string {
	if r.DryRun {
		return "Check of " + FileName(r.FileName)
	}
	return FileName(r.FileName)
}

// FileName is what to call a file that was sent under this name; browsers may leave
// it out.
func FileName(name string) string {
	if name == "" {
		return "File without a name"
	}
	return name
}

// Running tells whether rows are left.
func (r ImportRow) Running() bool { return r.Upload.State == upload.Running }

// Percent is how much of the file is worked, as "45 %"; "" when nothing runs or
// that is not known.
func (r ImportRow) Percent() string {
	p := ProgressOf(&r.Upload, "")
	if !r.Running() || p.Percent < 0 {
		return ""
	}
	return strconv.Itoa(p.Percent) + " %"
}

// NotImported is how many rows failed or are duplicates.
func (r ImportRow) NotImported() int { return r.Stats.Duplicate + r.Stats.Failed }

// ErrorsKept is how many of them have a line in the file of errors.
func (r ImportRow) ErrorsKept() int { return r.Upload.ErrorsKept() }

// Progress is how far an upload is.
type Progress struct {
	URL     string // where the next one is
	Rows    int
	Percent int    // of the file's bytes; -1 when that is not known
	Rate    int    // rows a second
	Left    string // how long it will take; "" when that is not known
}

// leastForRate is how long an import has run before its rate means something.
const leastForRate = time.Second

// ProgressOf tells how far an upload is. The next progress is at url.
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

// about is a duration in words that promise no more than is known.
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
