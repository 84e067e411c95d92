package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// importWorker uploads one file after another, each into a list of its own, and
// waits for its end. Every row must count once.
type importWorker struct {
	persistent
	imports []imported
}

// imported is what came of a file.
type imported struct {
	list     string // sid
	contacts map[string]bool
}

func (w *importWorker) run() {
	for !w.stopping.Load() && !w.t.Failed() {
		if err := w.step(); err != nil {
			w.t.Errorf("import %d of client %d: %v", len(w.imports), w.id, err)
			return
		}
	}
}

// step imports one file.
func (w *importWorker) step() error {
	file, numbers, want := w.file(4000 + w.rand.IntN(8000))
	name := fmt.Sprintf("Import %d of %d", len(w.imports), w.id)
	body, contentType, err := uploadForm(name, file)
	if err != nil {
		return err
	}
	got, _, err := w.insist(http.MethodPost, "/contacts/csv-upload", contentType, fmt.Sprintf("import-%d-%d", w.id, len(w.imports)), body)
	if err != nil {
		return err
	}
	u, err := got.upload()
	if err != nil {
		return err
	}
	w.done.Add(1)
	last, err := w.follow(u.ID)
	if err != nil {
		return err
	}
	if last.Status != "completed" || last.Stats != want {
		return fmt.Errorf("it ended as %+v, want %+v", last, want)
	}
	w.imports = append(w.imports, imported{u.List, numbers})
	return nil
}

// follow waits for the end of an upload, on any server. Its stats never go back.
func (w *importWorker) follow(id string) (upload, error) {
	var before uploadStats
	for end := time.Now().Add(patience); ; {
		got, _, err := w.insist(http.MethodGet, "/csv-status/"+id, "", "", nil)
		if err != nil {
			return upload{}, err
		}
		var status struct{ Response struct{ Data upload } }
		if err := json.Unmarshal(got.body, &status); err != nil || got.status != http.StatusOK {
			return upload{}, fmt.Errorf("got %d %s (%v)", got.status, got.body, err)
		}
		u := status.Response.Data
		s := u.Stats
		switch {
		case s.Total != s.Duplicate+s.Success+s.Failed || s.Total < before.Total || s.Success < before.Success:
			return u, fmt.Errorf("the stats were %+v, and are %+v", before, s)
		case u.Status != "in-progress":
			return u, nil
		case time.Now().After(end):
			return u, fmt.Errorf("it does not end: %+v", u)
		case s.Total > before.Total:
			end = time.Now().Add(patience)
		}
		before = s
		<-time.After(20 * time.Millisecond) // as a client that shows a bar
	}
}

// file makes one up: rows that are good, bad, and there already.
func (w *importWorker) file(rows int) (file string, numbers map[string]bool, want uploadStats) {
	var text strings.Builder
	numbers = make(map[string]bool)
	text.WriteString("number,first_name\n")
	last := ""
	for i := range rows {
		want.Total++
		switch {
		case i%100 == 50:
			fmt.Fprintf(&text, "x%d,bad\n", i)
			want.Failed++
		case i%100 == 60:
			fmt.Fprintf(&text, "%s,again\n", last)
			want.Duplicate++
		default:
			last = w.number()
			numbers[last] = true
			fmt.Fprintf(&text, "%s,imported\n", last)
			want.Success++
		}
	}
	return text.String(), numbers, want
}
