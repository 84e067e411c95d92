//go:build linux

package pgtest

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
)

// Pair is a primary and its synchronous standby: what the primary says is
// committed is on both. The test ends and promotes them.
type Pair struct {
	Primary, Standby *Node
}

// pairDatabase is the one database of a pair.
const pairDatabase = "callbook"

const synced = `
fsync = on
synchronous_commit = on
`

// NewPair returns a pair whose database has no schema. Where there is no
// PostgreSQL the test is skipped, as in [Database].
func NewPair(t testing.TB) *Pair {
	t.Helper()
	p := &Pair{Primary: newNode(t), Standby: newNode(t)}
	if err := initialise(p.Primary.programs, p.Primary.dir); err != nil {
		t.Fatal(err)
	}
	if err := configure(p.Primary.dir, p.Primary.address, synced); err != nil {
		t.Fatal(err)
	}
	p.Primary.Start()
	p.Primary.exec("CREATE DATABASE " + pairDatabase)
	err := runIn(p.Standby.dir, filepath.Join(p.Standby.programs, "pg_basebackup"),
		"-d", p.Primary.url("postgres"), "-D", filepath.Join(p.Standby.dir, "data"),
		"--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync")
	if err != nil {
		t.Fatal(err)
	}
	if err := configure(p.Standby.dir, p.Standby.address, synced); err != nil {
		t.Fatal(err)
	}
	p.Standby.Start()
	// Only now, so that the standby waits for none when it is the primary.
	p.Primary.exec("ALTER SYSTEM SET synchronous_standby_names = '*'")
	p.Primary.exec("SELECT pg_reload_conf()")
	p.Primary.until("the standby is synchronous", func(ctx context.Context) (bool, error) {
		state, err := p.Primary.query(ctx, "SELECT sync_state FROM pg_stat_replication")
		return state == "sync", err
	})
	return p
}

// URL names both servers and nothing that says which is to be used.
func (p *Pair) URL() string {
	return fmt.Sprintf("postgres://%s@%s,%s/%s?sslmode=disable",
		superuser, p.Primary.address, p.Standby.address, pairDatabase)
}

// Promote makes the standby take writes.
func (p *Pair) Promote() {
	p.Standby.t.Helper()
	p.Standby.exec("SELECT pg_promote(true, 60)")
}

// CancelCommits gives up each commit that waits for the standby, as a person may
// who does not want to wait: it holds, on the primary alone.
func (p *Pair) CancelCommits() {
	p.Primary.t.Helper()
	p.Primary.exec("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
}
