package web_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// unwritable stands for files that cannot be stored.
type unwritable struct{ upload.Files }

func (unwritable) Write(context.Context, account.ID, addressbook.SID, io.Reader) error {
	return errors.New("the disk is broken")
}

// TestFileNotStored: a file that the server cannot store is the server's fault.
func TestFileNotStored(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{
		Dashboard: true,
		Files:     func(f upload.Files) upload.Files { return unwritable{f} },
	})
	s.Account("demo")
	reads(t, drop(s.SignedIn("demo"), "leads.csv", "number\n9876543210\n").PageText(t, 500), "This is the server's fault")
}
