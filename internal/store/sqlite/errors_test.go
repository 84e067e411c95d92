package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"callbook/internal/fault"
)

func TestStoreError(t *testing.T) {
	t.Parallel()
	if err := storeError("read", nil); err != nil {
		t.Errorf("nil became %v", err)
	}
	known := fault.New(fault.Duplicate, "it is there")
	if err := storeError("read", fmt.Errorf("within: %w", known)); fault.As(err) != known {
		t.Errorf("the fault became %v", err)
	}
	for code, unavailable := range map[sqlite.ResultCode]bool{
		sqlite.ResultBusy:             true,
		sqlite.ResultBusySnapshot:     true,
		sqlite.ResultBusyRecovery:     true,
		sqlite.ResultLocked:           true,
		sqlite.ResultFull:             true,
		sqlite.ResultIOErr:            true,
		sqlite.ResultIOErrWrite:       true,
		sqlite.ResultIOErrFsync:       true,
		sqlite.ResultError:            false,
		sqlite.ResultCorrupt:          false,
		sqlite.ResultNotADB:           false,
		sqlite.ResultConstraint:       false,
		sqlite.ResultConstraintUnique: false,
		sqlite.ResultReadOnly:         false,
		sqlite.ResultMisuse:           false,
	} {
		t.Run(code.String(), func(t *testing.T) {
			// As the writer hands it on: wrapped, and joined with others.
			cause := errors.Join(fmt.Errorf("commit: %w", code.ToError()), errors.New("rollback failed"))
			err := storeError("insert contacts", cause)
			if !errors.Is(err, cause) || !strings.Contains(err.Error(), "insert contacts") {
				t.Errorf("%v does not tell the cause, or what was done", err)
			}
			f := fault.As(err)
			if !unavailable {
				if f != nil {
					t.Errorf("it became the fault %+v", f)
				}
				return
			}
			if f == nil || f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
				t.Fatalf("it became %+v, want an Unavailable fault with a time to wait", f)
			}
			if strings.Contains(f.Detail, "insert") || strings.Contains(f.Detail, "SQL") {
				t.Errorf("the caller is told %q", f.Detail)
			}
		})
	}
	if err := storeError("read", context.Canceled); !errors.Is(err, context.Canceled) || fault.As(err) != nil {
		t.Errorf("a cancelled request became %v", err)
	}
}
