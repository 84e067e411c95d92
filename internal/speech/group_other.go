//go:build !unix

package speech

import "os/exec"

// group leaves a command as it is: there are no process groups here.
func group(*exec.Cmd) {}

// killGroup kills nothing.
func killGroup(*exec.Cmd) error { return nil }
