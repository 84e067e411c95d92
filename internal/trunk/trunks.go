package trunk

import (
	"cmp"
	"context"
	"crypto/cipher"
	"slices"
	"sync"

	"callbook/internal/audit"
	"callbook/internal/clock"
	"callbook/internal/fault"
)

// noAccount stands for the audit log of the installation.
const noAccount int64 = 0

// Trunks manages the trunks of an installation. Its methods are safe for concurrent use.
type Trunks struct {
	store Store
	keys  Keys
	clock clock.Clock
}

// New returns the trunks of a store. The key that encrypts passwords is found by keys.
func New(store Store, keys Keys, clock clock.Clock) *Trunks {
	return &Trunks{store: store, keys: keys, clock: clock}
}

// Create stores a new trunk, and sets its dates and HasPassword. The error is a fault of
// [Trunk.Check] or of the [Store], or tells that no key can encrypt the password.
func (s *Trunks) Create(ctx context.Context, t *Trunk) error {
	if err := t.Check(); err != nil {
		return err
	}
	now := s.clock.Now()
	row := Row{Name: t.Name, Settings: t.encode(), Created: now, Updated: now}
	if t.Password != "" {
		sealer, err := s.keys.sealer(true)
		if err != nil {
			return err
		}
		row.Password = seal(sealer, t.Name, t.Password)
	}
	ctx, _ = audit.Begin(ctx, noAccount, audit.Change{Action: audit.TrunksCreate, Object: t.Name, Done: 1})
	if err := s.store.InsertTrunk(ctx, &row); err != nil {
		return err
	}
	t.Created, t.Updated, t.HasPassword = now, now, row.Password != nil
	return nil
}

// Change lets change modify a trunk, except for its name, and returns the result. A
// Password that change sets replaces the one before; without a User, there is no password
// any more. The errors are those of [Trunks.Create] and [ErrNotThere].
func (s *Trunks) Change(ctx context.Context, name string, change func(*Trunk) error) (changed *Trunk, err error) {
	ctx, note := audit.Begin(ctx, noAccount)
	err = s.store.ChangeTrunk(ctx, name, func(row *Row) error {
		t, err := row.Decode()
		if err != nil {
			return err
		}
		if err := change(t); err != nil {
			return err
		}
		if t.Name = name; t.User == "" && t.Password == "" {
			t.HasPassword, row.Password = false, nil
		}
		if err := t.Check(); err != nil {
			return err
		}
		if t.Password != "" {
			sealer, err := s.keys.sealer(true)
			if err != nil {
				return err
			}
			t.HasPassword, row.Password = true, seal(sealer, name, t.Password)
		}
		t.Updated = s.clock.Now()
		settings := t.encode()
		fields := audit.ChangedKeys(row.Settings, settings)
		if t.Password != "" {
			fields = append(fields, "password")
		}
		if len(fields) > 0 {
			note.Tell(audit.Change{Action: audit.TrunksUpdate, Object: name, Fields: fields, Done: 1})
		}
		row.Settings, row.Updated = settings, t.Updated
		t.Password = ""
		changed = t
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// Remove deletes a trunk. The error is [ErrNotThere] if there is none.
func (s *Trunks) Remove(ctx context.Context, name string) error {
	ctx, _ = audit.Begin(ctx, noAccount, audit.Change{Action: audit.TrunksDelete, Object: name, Done: 1})
	return s.store.DeleteTrunk(ctx, name)
}

// Trunk returns a trunk without its password. The error is [ErrNotThere] if there is none.
func (s *Trunks) Trunk(ctx context.Context, name string) (*Trunk, error) {
	all, err := s.Overview(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	return nil, ErrNotThere
}

// Overview returns all trunks without their passwords, by rank and name.
func (s *Trunks) Overview(ctx context.Context) ([]Trunk, error) {
	return s.list(ctx, func(*Trunk, []byte) error { return nil })
}

// List returns all trunks with their passwords, by rank and name. A trunk whose password
// was encrypted with another key, or whose key is missing, is Locked.
func (s *Trunks) List(ctx context.Context) ([]Trunk, error) {
	sealer := sync.OnceValues(func() (cipher.AEAD, error) { return s.keys.sealer(false) })
	return s.list(ctx, func(t *Trunk, sealed []byte) error {
		if sealed == nil {
			return nil
		}
		key, err := sealer()
		if err == nil {
			t.Password, err = open(key, t.Name, sealed)
		}
		if f := fault.As(err); f != nil {
			t.Locked, err = f.Detail, nil
		}
		return err
	})
}

func (s *Trunks) list(ctx context.Context, finish func(t *Trunk, sealed []byte) error) ([]Trunk, error) {
	rows, err := s.store.Trunks(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Trunk, 0, len(rows))
	for i := range rows {
		t, err := rows[i].Decode()
		if err != nil {
			return nil, err
		}
		if err := finish(t, rows[i].Password); err != nil {
			return nil, err
		}
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b Trunk) int { return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Name, b.Name)) })
	return all, nil
}
