package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Server is a PostgreSQL server of a program's own, which syncs to the disk as
// one in production does: autovacuum is on, shared_buffers is 1 GB, and a
// checkpoint comes every 15 minutes or 8 GB of WAL. It ends with the program at
// the latest.
type Server struct{ c *cluster }

// Start starts a server with its files in a new folder of parent; "" is the
// system's temporary folder. The user that the server runs as, who is not root,
// must be able to reach parent.
func Start(parent string) (*Server, error) {
	c, err := startCluster(parent, measured)
	if err != nil {
		return nil, err
	}
	return &Server{c}, nil
}

// URL returns the URL of its database "postgres", as a superuser.
func (s *Server) URL() string { return s.c.url("postgres") }

// PID returns the id of its first process, the parent of all the others.
func (s *Server) PID() (int, error) {
	file, err := os.ReadFile(filepath.Join(s.c.dir, "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := bytes.Cut(file, []byte("\n"))
	pid, err := strconv.Atoi(string(first))
	if err != nil {
		return 0, fmt.Errorf("postmaster.pid: %w", err)
	}
	return pid, nil
}

// Close stops the server and removes its files.
func (s *Server) Close() error {
	err := s.c.lifeline.Close()
	<-s.c.ended
	// Its user may have no right to remove a folder from parent.
	return errors.Join(err, os.RemoveAll(s.c.dir))
}
