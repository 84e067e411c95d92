package upload_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

func undo(t *testing.T, c *servertest.Client, u servertest.Upload, query string) servertest.Undo {
	t.Helper()
	if a := c.Do("POST", c.Path("/csv-uploads/"+u.ID+"/undo"+query), nil); a.Status != 200 {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	return c.AwaitUndo(u)
}

func (e *expected) is(t *testing.T, c *servertest.Client) {
	t.Helper()
	if n := c.Total(); n != e.contacts {
		t.Errorf("there are %d contacts, want %d", n, e.contacts)
	}
	for list, want := range e.lists {
		if got := c.Get(c.Path("/lists/" + list)).List(t).ContactCount; got != want {
			t.Errorf("list %s has %d contacts, want %d", list, got, want)
		}
	}
}

type expected struct {
	contacts int
	lists    map[string]int
}

// TestUndo: what an upload added goes, and nothing else does.
func TestUndo(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprint("all ", all), func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{BatchRows: 2})
			c := s.Account("demo")
			there := c.CreateOne(`{"number":"+919100000001","first_name":"Before"}`)
			u := c.Upload("Leads", "number,first_name\n+919100000001,x\n+919100000002,a\n+919100000003,b\n+919100000004,c\n+919100000005,d\n+919100000002,again\n")
			c.Await(u)
			later := c.CreateOne(`{"number":"+919100000009"}`)
			page := c.List("limit=10").Page(t).Response
			changed, listed := page[1].Data.SID, page[2].Data.SID
			if a := c.Send("PUT", "/contacts/"+changed, `{"tag":"VIP"}`); a.Status != 200 {
				t.Fatalf("got %d %s", a.Status, a.Body)
			}
			other := c.CreateList("Others")
			c.Add(other.SID, listed, later.SID)
			c.Add(u.List, later.SID)

			query, want, left := "", servertest.Undo{Status: "completed", Added: 4, Joined: 1, Kept: 2}, expected{4, map[string]int{u.List: 1, other.SID: 2}}
			if all {
				query, want.Kept, left = "?delete_used=true", 0, expected{2, map[string]int{u.List: 1, other.SID: 1}}
			}
			if got := undo(t, c, u, query); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			left.is(t, c)
			if got := c.Get(c.Path("/contacts/" + there.SID)); got.Status != 200 {
				t.Errorf("who was there before is gone: %d", got.Status)
			}
			// Again, it does nothing, and the numbers are free.
			undo(t, c, u, "")
			left.is(t, c)
			again := c.Upload("Leads", "number\n+919100000004\n")
			if got := c.Await(again); got.Stats.Success != 1 {
				t.Errorf("the number is taken: %+v", got.Stats)
			}
			undo(t, c, again, "")
			left.is(t, c)
		})
	}
}

// TestUndoRefused: what cannot be undone says why, and stays.
func TestUndoRefused(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s := servertest.Start(t, servertest.Options{BatchRows: 1, Imports: func(store upload.Store) upload.Store { return &gatedBatches{store, gate} }})
	c, stranger := s.Account("demo"), s.Account("other")
	refused := func(c *servertest.Client, id string, status int) {
		t.Helper()
		if a := c.Do("POST", c.Path("/csv-uploads/"+id+"/undo"), nil); a.Status != status {
			t.Errorf("got %d %s, want %d", a.Status, a.Body, status)
		}
	}
	u := c.Upload("Leads", "number\n+919100000001\n+919100000002\n")
	refused(c, u.ID, 400) // it runs
	close(gate)
	c.Await(u)
	refused(stranger, u.ID, 404)
	dry := c.Upload("Leads", "number\n+919100000003\n", "dry_run", "true")
	c.Await(dry)
	refused(c, dry.ID, 400)
	nothing := c.Upload("Leads", "number\n+919100000001\n")
	c.Await(nothing)
	refused(c, nothing.ID, 400)
	(&expected{2, map[string]int{u.List: 2}}).is(t, c)
	// A list that is gone takes nothing with it.
	c.Do("DELETE", c.Path("/lists/"+u.List), nil)
	undo(t, c, u, "")
	(&expected{}).is(t, c)
}

type gatedBatches struct {
	upload.Store
	gate chan struct{}
}

func (g *gatedBatches) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	select {
	case <-g.gate:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return g.Store.ApplyBatch(ctx, b)
}

// forgetful does not store how far an undoing is, after some batches.
type forgetful struct {
	upload.Store
	left   atomic.Int64
	forgot chan struct{}
}

func (f *forgetful) ChangeUndo(ctx context.Context, account account.ID, sid addressbook.SID, was, now upload.Undo) (bool, error) {
	if f.left.Add(-1) < 0 {
		select {
		case f.forgot <- struct{}{}:
		default:
		}
		return false, errors.New("the power is gone")
	}
	return f.Store.ChangeUndo(ctx, account, sid, was, now)
}

// TestUndoGoesOn: after an end in its midst, an undoing goes on, and counts nobody twice.
func TestUndoGoesOn(t *testing.T) {
	t.Parallel()
	const rows, kept = 1700, 3
	opts := servertest.Options{Path: servertest.NewDatabase(t)}
	store := &forgetful{forgot: make(chan struct{}, 1)}
	store.left.Store(2) // its beginning, and a batch
	opts.Imports = func(plain upload.Store) upload.Store { store.Store = plain; return store }
	s := servertest.Start(t, opts)
	c := s.Account("demo")
	u := c.Upload("Leads", numbers(0, rows))
	c.Await(u)
	// In the batch that is done twice.
	for _, item := range c.List("limit=3&offset=700").Page(t).Response {
		if a := c.Send("PUT", "/contacts/"+item.Data.SID, `{"tag":"VIP"}`); a.Status != 200 {
			t.Fatalf("got %d %s", a.Status, a.Body)
		}
	}
	c.Do("POST", c.Path("/csv-uploads/"+u.ID+"/undo"), nil)
	<-store.forgot
	if n := c.Total(); n >= rows || n == kept {
		t.Errorf("%d contacts are left at the end of the server", n)
	}
	s.Stop()
	opts.Imports = nil
	c = c.At(servertest.Start(t, opts))
	if got, want := c.AwaitUndo(u), (servertest.Undo{Status: "completed", Added: rows, Kept: kept}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	(&expected{kept, map[string]int{u.List: 0}}).is(t, c)
}

// undoStuck fails to store how far the undoings of one upload are.
type undoStuck struct {
	upload.Store
	sid    atomic.Pointer[string]
	failed chan struct{}
}

func (s *undoStuck) ChangeUndo(ctx context.Context, account account.ID, sid addressbook.SID, was, now upload.Undo) (bool, error) {
	if stuck := s.sid.Load(); stuck != nil && sid.String() == *stuck && !was.IsZero() {
		select {
		case s.failed <- struct{}{}:
		default:
		}
		return false, errors.New("the power is gone")
	}
	return s.Store.ChangeUndo(ctx, account, sid, was, now)
}

// TestUndoStuck: an undoing that fails holds up no other.
func TestUndoStuck(t *testing.T) {
	t.Parallel()
	store := &undoStuck{failed: make(chan struct{}, 1)}
	s := servertest.Start(t, servertest.Options{Imports: func(plain upload.Store) upload.Store { store.Store = plain; return store }})
	c := s.Account("demo")
	first, second := c.Upload("First", numbers(0, 3)), c.Upload("Second", numbers(3, 3))
	c.Await(first)
	c.Await(second)
	store.sid.Store(&first.ID)
	c.Do("POST", c.Path("/csv-uploads/"+first.ID+"/undo"), nil)
	<-store.failed
	undo(t, c, second, "")
	(&expected{0, map[string]int{second.List: 0}}).is(t, c)
}
