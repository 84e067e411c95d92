// Package pgtest gives tests a PostgreSQL: a private server made of the
// machine's own programs, with a database for each test.
//
// The server is started by the first test of a process that asks for one, and
// ends with the process, however that ends. It belongs to nobody else: its files
// are in a temporary folder, and no server that the machine may run is touched.
//
// It does not sync to the disk, since its files never outlive it. A test of what
// survives a crash needs a server of its own.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Migrate brings the schema of the database at a URL up to date.
type Migrate func(ctx context.Context, url string) error

// Database returns the URL of a database that only this test has, with its
// schema in place and nothing in it. It is dropped when the test ends.
//
// Migrate makes the schema once in a process, in a template of which the others
// are copies; nil gives a database without any. Where there is no PostgreSQL the
// test is skipped, and fails when CI=true says that one should be there.
func Database(t testing.TB, migrate Migrate) string {
	t.Helper()
	c := start(t)
	template := "template0"
	if migrate != nil {
		if err := c.makeTemplate(migrate); err != nil {
			t.Fatal(err)
		}
		template = migratedTemplate
	}
	name := fmt.Sprintf("test%d", databases.Add(1))
	// Copying the files takes half of the processor time of copying through the log.
	if err := c.exec("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY FILE_COPY"); err != nil {
		t.Fatalf("make a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := c.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return c.url(name)
}

// databases counts the tests' databases; each is named by its number.
var databases atomic.Int64

const migratedTemplate = "migrated"

// start returns the process's server.
func start(t testing.TB) *cluster {
	t.Helper()
	c, err := started()
	if err != nil {
		giveUp(t, err)
	}
	return c
}

// giveUp ends a test that has no server: one that is not installed is a skip.
func giveUp(t testing.TB, err error) {
	t.Helper()
	switch {
	case !errors.Is(err, errNotInstalled):
		t.Fatal(err)
	case os.Getenv("CI") == "true":
		t.Fatalf("%v, and CI=true allows no skip; make test installs what it can", err)
	default:
		t.Skipf("%v; make test installs what it can", err)
	}
}

var started = sync.OnceValues(func() (*cluster, error) { return startCluster("", unsynced) })

// makeTemplate makes the database that the tests' are copies of.
func (c *cluster) makeTemplate(migrate Migrate) error {
	c.template.Do(func() {
		c.templateErr = c.exec("CREATE DATABASE " + migratedTemplate + " TEMPLATE template0")
		if c.templateErr == nil {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			c.templateErr = migrate(ctx, c.url(migratedTemplate))
		}
	})
	if c.templateErr != nil {
		return fmt.Errorf("make the template of the tests' databases: %w", c.templateErr)
	}
	return nil
}

// patience is how long one step may take on a busy machine.
const patience = 3 * time.Minute

// exec runs a statement beside all databases of tests.
func (c *cluster) exec(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
