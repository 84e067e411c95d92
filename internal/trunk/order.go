package trunk

import (
	"context"
	"slices"

	"callbook/internal/audit"
	"callbook/internal/fault"
)

// NextRank returns the rank of a new trunk that comes after all others.
func (s *Trunks) NextRank(ctx context.Context) (int, error) {
	all, err := s.Overview(ctx)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return min(all[len(all)-1].Rank+1, MaxRank), nil
}

// Move moves a trunk by this many places in the order, to the front if by is negative. It
// stops at the first and at the last place. The trunks get new ranks, from 0 on. If there
// is no such trunk, the error is [ErrNotThere].
func (s *Trunks) Move(ctx context.Context, name string, by int) error {
	all, err := s.Overview(ctx)
	if err != nil {
		return err
	}
	from := slices.IndexFunc(all, func(t Trunk) bool { return t.Name == name })
	if from < 0 {
		return ErrNotThere
	}
	to := min(max(from+by, 0), len(all)-1)
	moved := all[from]
	all = slices.Insert(slices.Delete(all, from, from+1), to, moved)
	for rank, t := range all {
		if t.Rank == rank {
			continue
		}
		// The audit log tells of the trunk that was moved, and not of those that make room.
		told := ctx
		if t.Name != name && moved.Rank != to {
			told = audit.Untold(ctx)
		}
		_, err := s.Change(told, t.Name, func(t *Trunk) error {
			t.Rank = rank
			return nil
		})
		if err != nil && !fault.Is(err, fault.NotFound) { // removed meanwhile
			return err
		}
	}
	return nil
}
