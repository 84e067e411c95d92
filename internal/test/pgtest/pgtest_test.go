package pgtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestDatabase(t *testing.T) {
	t.Parallel()
	migrate := func(ctx context.Context, url string) error {
		return query(ctx, url, `CREATE TABLE things (name text)`)
	}
	one, two := Database(t, migrate), Database(t, migrate)
	if err := query(t.Context(), one, `INSERT INTO things VALUES ('a')`); err != nil {
		t.Fatal(err)
	}
	if err := query(t.Context(), two, `DROP TABLE things`); err != nil {
		t.Fatal(err)
	}
	if err := query(t.Context(), one, `SELECT name FROM things`); err != nil {
		t.Errorf("what is done to one test's database is done to another's: %v", err)
	}
	if err := query(t.Context(), Database(t, nil), `SELECT name FROM things`); err == nil {
		t.Error("a database that is to have no schema has one")
	}
}

func query(ctx context.Context, url, text string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, text)
	return errors.Join(err, conn.Close(ctx))
}

// childVariable makes TestEndsWithProcess the process whose end is looked at.
const childVariable = "CALLBOOK_PGTEST_CHILD"

// TestEndsWithProcess kills a test process that has a server; nothing may be
// left of it.
func TestEndsWithProcess(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		os.Stdout.WriteString(Database(t, nil) + " " + start(t).dir + "\n")
		select {}
	}
	t.Parallel()
	start(t) // skips when there is none
	child := exec.Command(os.Args[0], "-test.run=^TestEndsWithProcess$")
	child.Env = append(os.Environ(), childVariable+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 1000)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url, dir, _ := strings.Cut(strings.TrimSpace(string(line[:n])), " ")
	if err := query(t.Context(), url, `SELECT 1`); err != nil {
		t.Errorf("the child's server does not answer: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed, and says so
	ended := time.NewTicker(10 * time.Millisecond)
	defer ended.Stop()
	for deadline := time.Now().Add(patience); ; <-ended.C {
		_, err := os.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server's folder %s is still there (%v)", dir, err)
		}
	}
	if err := query(t.Context(), url, `SELECT 1`); err == nil {
		t.Error("the server outlived its process")
	}
}
