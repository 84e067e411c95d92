package dbcopy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/dbcopy"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// tampering stands before a target and changes rows on their way.
type tampering struct {
	dbcopy.Store
	account account.ID
	tamper  func(p *dbcopy.Part)
}

func (s *tampering) Write(ctx context.Context, parts []dbcopy.Part, from, to dbcopy.State) error {
	for i := range parts {
		if owner := parts[i].Account; (owner == s.account || owner == account.None) && s.tamper != nil {
			s.tamper(&parts[i])
		}
	}
	return s.Store.Write(ctx, parts, from, to)
}

func (s *tampering) Begin(ctx context.Context, state dbcopy.State, accounts []account.Account) error {
	if err := s.Store.Begin(ctx, state, accounts); err != nil {
		return err
	}
	all, err := s.Store.Accounts(ctx)
	for _, a := range all {
		if a.SID == "acme" {
			s.account = a.ID
		}
	}
	return err
}

// tamperingFiles changes a byte of each file.
type tamperingFiles struct{ upload.Files }

func (f tamperingFiles) Write(ctx context.Context, account account.ID, upload addressbook.SID, from io.Reader) error {
	content, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	content[len(content)-1] ^= 1
	return f.Files.Write(ctx, account, upload, bytes.NewReader(content))
}

// TestMismatch changes one value of each table on its way, and looks whether the
// comparison finds it, also when it is done again.
func TestMismatch(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	// Of a copy of one source, since making one takes longer.
	source := engines["sqlite"](t)
	furnish(t, source)
	for table, tamper := range map[string]func(dbcopy.Row){
		"api_keys":         func(r dbcopy.Row) { r[1].Bytes = []byte("renamed") },
		"contacts":         func(r dbcopy.Row) { r[9].Int++ },
		"lists":            func(r dbcopy.Row) { r[3].Int = 1 - r[3].Int },
		"list_members":     func(r dbcopy.Row) { r[2].Int-- },
		"uploads":          func(r dbcopy.Row) { r[11].Int++ },
		"upload_errors":    func(r dbcopy.Row) { r[4].Bytes = []byte("x") },
		"idempotency_keys": func(r dbcopy.Row) { r[4].Bytes = append(r[4].Bytes, ' ') },
		"sessions":         func(r dbcopy.Row) { r[2].Bytes = nil },
		"upload_drafts":    func(r dbcopy.Row) { r[2].Int++ },
		"requests":         func(r dbcopy.Row) { r[2].Int++ },
		"trunks":           func(r dbcopy.Row) { r[3].Int++ },
		"dialogs":          func(r dbcopy.Row) { r[1].Bytes = []byte("x") },
		"contact_counts":   nil,
		"files":            nil,
	} {
		for to, newTarget := range engines {
			if to == "postgres" && table != "contacts" && table != "list_members" {
				continue // the comparison knows no engines; this tries that both are read
			}
			t.Run(table+"-"+to, func(t *testing.T) {
				target, whose := newTarget(t), "acme"
				if table == "trunks" || table == "dialogs" {
					whose = ""
				}
				check := func(err error) {
					t.Helper()
					mismatch, ok := errors.AsType[*dbcopy.Mismatch](err)
					if !ok || mismatch.Account != whose || mismatch.Table != table && table != "contact_counts" {
						t.Errorf("got %v, want a mismatch of %s", err, table)
					}
					if table == "contact_counts" && !strings.Contains(err.Error(), "contact_counts") {
						t.Errorf("got %v, want a mismatch of the counter, too", err)
					}
				}
				check(copyAll(t.Context(), source, target, dbcopy.Options{}, func(db dbcopy.Database) dbcopy.Database {
					change := &tampering{Store: db.Store}
					db.Store = change
					switch {
					case table == "files":
						db.Files = tamperingFiles{db.Files}
					case table == "contact_counts":
						change.tamper = func(p *dbcopy.Part) {
							if p.Table == dbcopy.Contacts {
								p.Rows = p.Rows[1:] // a row that is lost
							}
						}
					default:
						change.tamper = func(p *dbcopy.Part) {
							if p.Table.Name == table {
								tamper(p.Rows[len(p.Rows)-1])
							}
						}
					}
					return db
				}))
				if table == "files" {
					return // they are copied anew
				}
				check(copyAll(t.Context(), source, target, dbcopy.Options{}, nil))
				err := with(t.Context(), target, func(db dbcopy.Database) error { return dbcopy.CheckFinished(t.Context(), db.Store) })
				if !errors.Is(err, dbcopy.ErrUnfinished) {
					t.Errorf("the target counts as whole: %v", err)
				}
			})
		}
	}
}

// TestRefused has copies that are not begun, and leave everything as it is.
func TestRefused(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, source, target string) {
		server := servertest.Start(t, servertest.Options{Path: source})
		server.Account("acme").CreateOne(`{"number":"+919812340001"}`)
		refused := func(what string, want error) {
			t.Helper()
			if err := copyAll(t.Context(), source, target, dbcopy.Options{}, nil); !errors.Is(err, want) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		inUse := func(path string) error {
			if postgres.IsURL(path) {
				return postgres.ErrInUse
			}
			return sqlite.ErrInUse
		}
		refused("a server runs on the source", inUse(source))
		server.Stop()
		server = servertest.Start(t, servertest.Options{Path: target})
		refused("a server runs on the target", inUse(target))
		other := server.Account("other")
		server.Stop()
		refused("the target has an account", dbcopy.ErrNotEmpty)

		server = servertest.Start(t, servertest.Options{Path: target})
		if total := other.At(server).Total(); total != 0 {
			t.Errorf("the target has %d contacts", total)
		}
		server.Stop()
	})
}

// TestOtherSource begins a copy and goes on with another source.
func TestOtherSource(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, source, target string) {
		server := servertest.Start(t, servertest.Options{Path: source})
		server.Account("acme")
		server.Stop()
		stop := errors.New("stop")
		err := copyAll(t.Context(), source, target, dbcopy.Options{}, func(db dbcopy.Database) dbcopy.Database {
			db.Store = failing{db.Store, stop}
			return db
		})
		if !errors.Is(err, stop) {
			t.Fatalf("got %v", err)
		}
		server = servertest.Start(t, servertest.Options{Path: source})
		server.Account("another")
		server.Stop()
		if err := copyAll(t.Context(), source, target, dbcopy.Options{}, nil); !errors.Is(err, dbcopy.ErrOtherSource) {
			t.Errorf("got %v", err)
		}
	})
}

// failing is a target that takes no rows.
type failing struct {
	dbcopy.Store
	err error
}

func (f failing) Write(context.Context, []dbcopy.Part, dbcopy.State, dbcopy.State) error {
	return f.err
}

// TestMoved has two copies at work on one target: what one has done, the other
// does not do again.
func TestMoved(t *testing.T) {
	t.Parallel()
	for engine, newTarget := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			err := with(ctx, newTarget(t), func(db dbcopy.Database) error {
				begun, next := dbcopy.State{Source: "s", At: "1"}, dbcopy.State{Source: "s", At: "2"}
				if err := db.Store.Begin(ctx, begun, nil); err != nil {
					return err
				}
				if err := db.Store.Begin(ctx, begun, nil); !errors.Is(err, dbcopy.ErrNotEmpty) {
					t.Errorf("begun twice: %v", err)
				}
				if err := db.Store.Write(ctx, nil, begun, next); err != nil {
					return err
				}
				for what, err := range map[string]error{
					"write": db.Store.Write(ctx, nil, begun, next),
					"end":   db.Store.End(ctx, begun, next),
				} {
					if !errors.Is(err, dbcopy.ErrMoved) {
						t.Errorf("%s from a state that is over: got %v", what, err)
					}
				}
				if err := db.Store.End(ctx, next, begun); err != nil {
					return err
				}
				if got, copied, err := db.Store.LastCopy(ctx); err != nil || !copied || got != begun {
					t.Errorf("got %v, %v, %v", got, copied, err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
