package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"callbook/internal/test/pgtest"
)

// chaosSeed is a new seed, or that of an earlier run.
func chaosSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv("CALLBOOK_CHAOS_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CALLBOOK_CHAOS_SEED=%d", seed)
	return seed
}

// chaosTime is for how long servers are killed: CALLBOOK_CHAOS, as 5m.
func chaosTime(t *testing.T) time.Duration {
	t.Helper()
	if given := os.Getenv("CALLBOOK_CHAOS"); given != "" {
		d, err := time.ParseDuration(given)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if testing.Short() {
		return 4 * time.Second
	}
	return 10 * time.Second
}

// newShared returns a database for several servers, and an account in it.
func newShared(t *testing.T) (db string, auth credentials) {
	t.Helper()
	db = pgtest.Database(t, nil)
	return db, newShareable(t, db)
}

// newShareable makes the schema of a database, and an account in it.
func newShareable(t *testing.T, db string) credentials {
	t.Helper()
	if got := callbook(t, "migrate", "--db", db); got.code != 0 {
		t.Fatalf("migrate: exit code %d, %s", got.code, got.stderr)
	}
	return newAccount(t, db, "shared")
}

// TestServersKilled has three servers share a database, and kills them at random
// while clients write and import. CALLBOOK_CHAOS=5m makes it long.
func TestServersKilled(t *testing.T) {
	t.Parallel()
	db, auth := newShared(t)
	seed, limit := chaosSeed(t), chaosTime(t)
	random := rand.New(rand.NewPCG(seed, 0))
	var servers [3]*server
	for i := range servers {
		servers[i] = startServer(t, db)
	}
	w := newWorkload(t, auth, seed, servers[:]...)
	w.begin(6, 2)
	kills := 0
	for end := time.Now().Add(limit); time.Now().Before(end) && !t.Failed(); kills++ {
		w.progress(1 + random.Int64N(200))
		i := random.IntN(len(servers))
		servers[i].kill(t)
		if random.IntN(3) == 0 {
			w.progress(1 + random.Int64N(50)) // the others carry on
		}
		servers[i] = startServer(t, db)
		w.moved(i, servers[i])
	}
	w.end()
	t.Logf("servers were killed %d times", kills)
	if w.broken.Load() == 0 || kills == 0 {
		t.Error("no request was cut off: this test has tested nothing")
	}
	pgtest.Texts(t, db, "ANALYZE") // the tests' database does not by itself
	w.check()
}
