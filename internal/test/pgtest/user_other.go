//go:build !unix

package pgtest

import "os/exec"

// unprivileged has nothing to do here: findPrograms finds none.
func unprivileged(cmd *exec.Cmd, dir string) error { return errNotInstalled }
