//go:build unix

package speech

import (
	"os/exec"
	"syscall"
)

// group puts a command into a process group of its own. When its context ends, the whole
// group is killed, so that nothing that a script has started goes on.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killGroup(cmd) }
}

// killGroup kills the processes of a command's group.
func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
