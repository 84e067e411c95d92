package slowbody

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// recorder is a connection that takes or sends so many bytes a second, as far as
// its deadlines let it.
type recorder struct {
	*httptest.ResponseRecorder
	rate        int
	read, write time.Time
}

func (r *recorder) SetReadDeadline(t time.Time) error {
	r.read = t
	return nil
}

func (r *recorder) SetWriteDeadline(t time.Time) error {
	r.write = t
	return nil
}

// move lets time pass for n bytes, and fails at the deadline.
func (r *recorder) move(n int, deadline time.Time) (int, error) {
	took := time.Hour
	if r.rate > 0 {
		took = time.Duration(float64(n) / float64(r.rate) * float64(time.Second))
	}
	if !deadline.IsZero() && time.Now().Add(took).After(deadline) {
		time.Sleep(time.Until(deadline))
		return 0, http.ErrHandlerTimeout
	}
	time.Sleep(took)
	return n, nil
}

func (r *recorder) Write(p []byte) (int, error) { return r.move(len(p), r.write) }

func (r *recorder) Read(p []byte) (int, error) { return r.move(min(len(p), 1<<10), r.read) }

func (r *recorder) Close() error { return nil }

// TestAnswer: who takes an answer too slowly is cut off, and sooner where memory
// is scarce.
func TestAnswer(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rate   int // bytes a second
		scarce bool
		whole  bool
		within time.Duration
	}{
		{"fast", 10 << 20, true, true, 3 * time.Second},
		{"slow", 20 << 10, false, true, 20 * time.Minute},
		{"too slow", 10 << 10, false, false, 5 * time.Minute},
		{"still", 0, false, false, 30 * time.Second},
		{"slow, scarce", 100 << 10, true, false, 20 * time.Second},
		{"still, scarce", 0, true, false, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const size = 20 << 20
				conn := &recorder{ResponseRecorder: httptest.NewRecorder(), rate: tt.rate}
				begun := time.Now()
				n, err := NewAnswer(conn, func() bool { return tt.scarce }).Write(make([]byte, size))
				if whole := err == nil && n == size; whole != tt.whole {
					t.Errorf("wrote %d bytes, %v", n, err)
				}
				if took := time.Since(begun); took > tt.within {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// TestBody: a body must come at a least rate, and whatever time passes between two
// reads is the server's own.
func TestBody(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rate   int
		whole  bool
		within time.Duration
	}{
		{"fast", 10 << 20, true, 12 * time.Minute},
		{"slow", 20 << 10, true, 12 * time.Minute},
		{"too slow", 10 << 10, false, 40 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := &recorder{ResponseRecorder: httptest.NewRecorder(), rate: tt.rate}
				r := httptest.NewRequest("POST", "/", conn)
				begun := time.Now()
				Body(func(_ http.ResponseWriter, r *http.Request) {
					buffer := make([]byte, 1<<10)
					for i := range 600 {
						if _, err := io.ReadFull(r.Body, buffer); err != nil {
							if tt.whole {
								t.Errorf("after %d KiB: %v", i, err)
							}
							return
						}
						if i%60 == 0 && tt.whole {
							time.Sleep(time.Minute) // the server waits for memory
						}
					}
					if !tt.whole {
						t.Error("the body came whole")
					}
				})(conn, r)
				if took := time.Since(begun); took > tt.within {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}
