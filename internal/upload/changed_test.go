package upload_test

import (
	"testing"

	"callbook/internal/test/servertest"
)

// TestFileChangedWhileItWaits: a file that has become shorter or longer since it
// came is not worked as if it were whole.
func TestFileChangedWhileItWaits(t *testing.T) {
	t.Parallel()
	path := servertest.NewDatabase(t)
	never := &gate{before: func(int) error { return errStop }}
	s := servertest.Start(t, servertest.Options{Path: path, Imports: never.over})
	c := s.Account("demo")
	whole := c.Upload("whole", numbers(0, 5))
	var changed []servertest.Upload
	for _, by := range []int{-len(numbers(0, 5)), -14, -1, 1, 5000} {
		file := numbers(10, 5)
		u := c.Upload("changed", file)
		s.ResizeUploadFile(u.ID, len(file)+by)
		changed = append(changed, u)
	}
	s.Stop()
	s = servertest.Start(t, servertest.Options{Path: path})
	c = c.At(s)
	for i, u := range changed {
		got := c.Await(u)
		if got.Status != "failed" || got.Stats.Total != 0 || got.Reason == nil || *got.Reason != "file changed" {
			t.Errorf("file %d: got %+v", i, got)
		}
	}
	if got := c.Await(whole); got.Status != "completed" || got.Stats.Success != 5 || got.Reason != nil {
		t.Errorf("got %+v", got)
	}
	all, _ := c.Get(c.Path("/csv-uploads")).Uploads(t)
	if len(all) != 6 || all[0].Reason == nil || *all[0].Reason != "file changed" {
		t.Errorf("got %+v", all)
	}
	nothingLeft(t, s, c, 6)
}

// TestFileChangedWhileItIsWorked: what was worked before stays, and the upload is
// not said to be complete.
func TestFileChangedWhileItIsWorked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		size int
	}{{"cut off in a row", len(numbers(0, 150)) - 3}, {"cut off between rows", len(numbers(0, 150))}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at, cut := make(chan struct{}), make(chan struct{})
			g := &gate{after: func(n int) error {
				if n == 1 {
					close(at)
					<-cut
				}
				return nil
			}}
			s := servertest.Start(t, servertest.Options{BatchRows: 100, Imports: g.over})
			c := s.Account("demo")
			u := c.Upload("Leads", numbers(0, 250))
			<-at
			s.ResizeUploadFile(u.ID, tt.size)
			close(cut)
			got := c.Await(u)
			if got.Status != "failed" || got.Reason == nil || *got.Reason != "file changed" || got.Stats.Total != 200 && got.Stats.Total != 100 {
				t.Errorf("got %+v", got)
			}
			if n := c.Total(); n != got.Stats.Success {
				t.Errorf("there are %d contacts of %+v", n, got.Stats)
			}
		})
	}
}
