package postgres

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/store/storetest"
	"callbook/internal/test/pgtest"
)

// TestThroughPooler works behind PgBouncer in transaction mode as it comes, with
// fewer connections than the server has.
func TestThroughPooler(t *testing.T) {
	t.Parallel()
	const connections = 4
	pooled := func(t *testing.T) string {
		return pgtest.Pooler(t, pgtest.Database(t, Migrate), connections)
	}
	t.Run("accounts", func(t *testing.T) {
		t.Parallel()
		storetest.Accounts(t, func(t *testing.T) account.Store { return open(t, pooled(t)) })
	})
	t.Run("keys", func(t *testing.T) {
		t.Parallel()
		storetest.KeyRunning(t, func(t *testing.T) storetest.Stores { return storesCopying(t, pooled(t), 1) })
	})
	t.Run("model", func(t *testing.T) {
		t.Parallel()
		url := pooled(t)
		storetest.AddressBookModel(t, 1, func(t *testing.T) storetest.Stores { return storesCopying(t, url, 5) })
	})
	t.Run("migrations and the hold", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Pooler(t, pgtest.Database(t, nil), connections)
		db, err := Open(t.Context(), url, Options{Migrate: true, Serve: true})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := OpenTransfer(t.Context(), url, Options{}); !errors.Is(err, ErrInUse) {
			t.Errorf("a copy beside a server: %v, want ErrInUse", err)
		}
		db.Close()
		copying, err := OpenTransfer(t.Context(), url, Options{})
		if err != nil {
			t.Fatalf("the lock was left behind: %v", err)
		}
		copying.Close()
	})
}

// TestSuitPooler: a pooler is noticed, and a word in the URL goes before.
func TestSuitPooler(t *testing.T) {
	t.Parallel()
	direct := pgtest.Database(t, Migrate)
	pooled := pgtest.Pooler(t, direct, 4)
	for url, want := range map[string]pgx.QueryExecMode{
		direct: pgx.QueryExecModeCacheStatement,
		pooled: pgx.QueryExecModeExec,
		pooled + "&default_query_exec_mode=cache_describe": pgx.QueryExecModeCacheDescribe,
		direct + "&default_query_exec_mode=exec":           pgx.QueryExecModeExec,
	} {
		if got := open(t, url).pool.Config().ConnConfig.DefaultQueryExecMode; got != want {
			t.Errorf("%s: the mode is %v, want %v", url, got, want)
		}
	}
}
