package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// moduleRoot is where go.mod is, as seen from a test's working directory.
const moduleRoot = "../../.."

// limit is how long one step in the browser may take. Generous: a good one
// never gets near.
const limit = 30 * time.Second

// The one browser of the whole test run; each tab has cookies of its own.
var (
	browserContext context.Context
	startBrowser   = sync.OnceValue(func() error { return chromedp.Do(browserContext) })
)

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	path, _ := exec.LookPath("chromium")
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // which does not work for root
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	defer stop()
	var cancel context.CancelFunc
	browserContext, cancel = chromedp.NewContext(allocator)
	defer cancel()
	code := m.Run()
	removeBinary()
	return code
}

// missing skips a test for want of a tool. On a build server every tool is to
// be there, and a skip would hide that one is not.
func missing(t *testing.T, what string) {
	t.Helper()
	const hint = "make test installs what it can"
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, and CI=true allows no skip; %s", what, hint)
	}
	t.Skipf("%s is missing; %s", what, hint)
}

// tab is a browser window with cookies of its own. A step that fails ends the
// test.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string // of the server
	// expectFailures says that a request that fails is no complaint.
	expectFailures atomic.Bool
}

// newTab opens a window for the server at this URL.
func newTab(t *testing.T, serverURL string) *tab {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		missing(t, "chromium")
	}
	if err := startBrowser(); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	ctx, cancel := chromedp.NewContext(browserContext, chromedp.WithNewBrowserContext())
	b := &tab{t: t, ctx: ctx, url: serverURL}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a window: %v", err)
	}
	b.watchConsole()
	t.Cleanup(func() {
		if t.Failed() {
			b.picture("failed")
		}
		cancel()
	})
	return b
}

// failedRequest is what the browser, and htmx, say of a request that failed.
var failedRequest = regexp.MustCompile(`^(Failed to load resource|Response Status Error Code|htmx:(afterRequest|sendError))`)

// watchConsole fails the test when the browser complains: a script that threw,
// something that the content security policy kept out.
func (b *tab) watchConsole() {
	messages := chromedp.Console(b.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			failed := failedRequest.MatchString(m.Text)
			if (m.Type == "error" || m.Type == "warning" || m.Type == chromedp.ConsoleException) && !(failed && b.expectFailures.Load()) {
				b.t.Errorf("the browser says: %v", m)
			}
		}
	}()
	b.t.Cleanup(func() { <-done })
}

// do takes steps in the window.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		where, _ := chromedp.Run(b.ctx, chromedp.Location())
		b.t.Fatalf("at %s: %v", where, err)
	}
}

// run is do for a step that has a result.
func run[T any](b *tab, step chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	result, err := chromedp.Run(ctx, step)
	if err != nil {
		where, _ := chromedp.Run(b.ctx, chromedp.Location())
		b.t.Fatalf("at %s: %v", where, err)
	}
	return result
}

// open goes to a page of the server, from "/" on, or to a whole URL.
func (b *tab) open(path string) {
	b.t.Helper()
	if path[0] == '/' {
		path = b.url + path
	}
	b.do(chromedp.Navigate(path))
}

// follow clicks on what leads to another page, and waits for it. What is
// pressed is named by a CSS selector.
func (b *tab) follow(selector string) {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(selector)))
	if err != nil {
		b.t.Fatalf("follow %s: %v", selector, err)
	}
}

// fill types into a field that is empty, as a person does.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// click presses what leads to no other page.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(void(chromedp.Click(chromedp.CSS(selector))))
}

// setValue puts a value into a field at once, also where nobody can type.
func setValue(selector, value string) chromedp.Action[chromedp.Void] {
	return void(chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q).value = %q; true", selector, value)))
}

// text is what a person reads there.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return run(b, chromedp.Text(chromedp.CSS(selector)))
}

// location is the path and query of the page.
func (b *tab) location() string {
	b.t.Helper()
	return run(b, chromedp.Evaluate[string]("location.pathname + location.search"))
}

// look is how a page is looked at.
type look struct {
	scheme        string // light or dark
	width, height int64
}

var looks = []look{{"light", 1280, 860}, {"dark", 1280, 860}, {"light", 360, 740}, {"dark", 360, 740}}

func (l look) String() string { return fmt.Sprintf("%d-%s", l.width, l.scheme) }

// set makes the window so wide and the system so light.
func (b *tab) set(l look) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(l.width, l.height))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}
