package browsertest

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// gatedFiles reads nothing of a file until the gate is open. Little of a large
// one gets on its way before.
type gatedFiles struct {
	upload.Files
	gate chan struct{}
}

func (f *gatedFiles) Write(ctx context.Context, account account.ID, upload addressbook.SID, from io.Reader) error {
	select {
	case <-f.gate:
	case <-ctx.Done():
		return ctx.Err()
	}
	return f.Files.Write(ctx, account, upload, from)
}

// TestSendingStory sends a large file: the page tells how much of it is sent,
// stops it when asked to, keeps the file when another field is wrong, and goes
// on to the file's page.
func TestSendingStory(t *testing.T) {
	t.Parallel()
	files := &gatedFiles{gate: make(chan struct{})}
	s := servertest.Start(t, servertest.Options{Dashboard: true, Files: func(real upload.Files) upload.Files {
		files.Files = real
		return files
	}})
	w := &world{t: t, server: s, client: s.Account("demo")}
	w.client.CreateList("Members")
	b := newTab(t, s.URL)
	b.expectFailures.Store(true) // a field that is wrong is answered with 422
	b.signIn(w, "demo")
	b.open("/imports")
	const row = "9876543210,a long remark that makes the file large, and is of no use but for that\n"
	b.choose(csvFile(t, "large.csv", "number,remark\n"+strings.Repeat(row, 24<<20/len(row))))
	b.fill("#list_name", "Leads")
	b.click("#new-import .primary")
	b.await(`!document.querySelector("[data-sending]").hidden && document.querySelector("#sent").value > 0`)
	if got := b.text("[data-sent]"); !strings.Contains(got, " of 25.2 MB sent") {
		t.Errorf("it says %q", got)
	}
	b.set(looks[0])
	b.picture("imports-sending-" + looks[0].String())
	b.click("[data-stop-sending]")
	b.await(`document.querySelector("[data-sending]").hidden && document.querySelector("[data-stop-sending]").hidden`)

	close(files.gate)
	b.retype("#list_name", strings.Repeat("x", 256))
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#list_name").removeAttribute("maxlength")`))
	b.retype("#list_name", strings.Repeat("x", 256))
	b.click("#new-import .primary")
	b.await(`document.querySelector(".field.wrong #list_name") && document.activeElement.id === "list_name"`)
	if got := run(b, chromedp.Evaluate[string](`document.querySelector("#file").files[0]?.name`)); got != "large.csv" {
		t.Errorf("the file is %q", got)
	}
	b.retype("#list_name", "Members")
	b.follow("#new-import .primary")
	if got := b.text("main"); !strings.Contains(got, "which has 0 contacts") || !strings.Contains(got, "25.2 MB") {
		t.Errorf("the page of the file says %.200q", got)
	}
	b.open("/imports")
	if got := b.text("main"); strings.Count(got, "waits for you") != 1 {
		t.Errorf("what was stopped is kept: %.300q", got)
	}
}
