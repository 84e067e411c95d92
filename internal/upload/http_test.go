package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// TestSlowUpload: a file may take longer than other requests, as long as it
// comes along.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	const limit = 2 * time.Second
	s := servertest.Start(t, servertest.Options{RequestTimeout: limit})
	c := s.Account("demo")
	body, contentType := servertest.NewForm("list_name", "Leads").File(numbers(0, 1000)).Body()
	start := time.Now()
	slow := &pausing{Reader: body, pause: func() {
		// Past the deadlines of reading and of answering.
		<-time.After(time.Until(start.Add(3 * limit)))
	}}
	u := c.Do("POST", c.Path("/contacts/csv-upload"), slow, "Content-Type", contentType).Summary(t)
	if got := c.Await(u); got.Stats.Success != 1000 {
		t.Errorf("got %+v", got)
	}
}

// pausing pauses once it has begun.
type pausing struct {
	io.Reader
	pause func()
	reads int
}

func (p *pausing) Read(b []byte) (int, error) {
	if p.reads++; p.reads == 2 {
		p.pause()
	}
	return p.Reader.Read(b[:min(len(b), 5000)])
}

// TestBrokenOffUpload: of a file whose sender goes away nothing is left.
func TestBrokenOffUpload(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	body, contentType := servertest.NewForm("list_name", "Leads").File(numbers(0, 100_000)).Body()
	began := func() bool { return len(s.UploadFiles()) == 1 }
	broken := io.MultiReader(io.LimitReader(body, 1<<20), &until{condition: func() { waitFor(t, "the file to begin", began) }})
	if a, err := c.Try("POST", c.Path("/contacts/csv-upload"), broken, "Content-Type", contentType); err == nil && a.Status != 400 {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	nothingLeft(t, s, c, 0)
}

// until waits, and then is broken.
type until struct{ condition func() }

func (u *until) Read([]byte) (int, error) {
	u.condition()
	return 0, errors.New("gone")
}

// half is a store whose error rows cannot be read to their end.
type half struct{ upload.Store }

func (h half) ErrorRows(ctx context.Context, account account.ID, sid addressbook.SID, after int64, limit int) ([]upload.ErrorRow, error) {
	if after > 0 {
		return nil, errStop
	}
	return h.Store.ErrorRows(ctx, account, sid, after, limit)
}

// TestErrorsBreakOff: half a file of errors does not look like a whole one.
func TestErrorsBreakOff(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	s := servertest.Start(t, servertest.Options{
		Imports: func(s upload.Store) upload.Store { return half{s} },
		Log:     slog.NewTextHandler(&log, nil),
	})
	c := s.Account("demo")
	u := c.Upload("Leads", "number\n"+strings.Repeat("x\n", 1500))
	c.Await(u)
	if a, err := c.Try("GET", c.Path("/csv-status/"+u.ID+"/errors"), nil); err == nil {
		t.Errorf("got %d, %d bytes, and no error", a.Status, len(a.Body))
	}
	s.Stop()
	if text := log.String(); !strings.Contains(text, errStop.Error()) {
		t.Errorf("the log does not tell:\n%s", text)
	}
	for _, personal := range []string{"Leads", "P1"} {
		if strings.Contains(log.String(), personal) {
			t.Errorf("the log says %q", personal)
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
