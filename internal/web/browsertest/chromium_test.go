package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// moduleRoot is where go.mod is, as seen from a test's working directory.
const moduleRoot = "../../.."

// limit is how long one step in the browser may take. Generous: a good one
// never gets near, and one that hangs is to be named before the time of the
// whole run is over.
const limit = 3 * time.Minute

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
	defer removeBinary()
	return runLooks(m)
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
	// The first step makes the window, which lives as long as its context: no
	// shorter one may be given here.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a window: %v", err)
	}
	b.watchConsole()
	b.set(lookOf(t.Name()))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the window began as %s", lookOf(t.Name()))
			b.picture("failed")
		}
		cancel()
	})
	return b
}

var (
	// failedRequest is what the browser, and htmx, say of a request that failed.
	failedRequest = regexp.MustCompile(`^(Failed to load resource|Response Status Error Code|htmx:sendError)`)
	// noComplaint is what htmx says besides, and of a request that it ended by
	// itself because a newer one takes its place.
	noComplaint = regexp.MustCompile(`^htmx:(afterRequest|sendAbort)`)
)

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
			complaint := m.Type == "error" || m.Type == "warning" || m.Type == chromedp.ConsoleException
			expected := failedRequest.MatchString(m.Text) && b.expectFailures.Load()
			if complaint && !expected && !noComplaint.MatchString(m.Text) {
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
		b.t.Fatalf("at %s: %v", b.whereabouts(), err)
	}
}

// run is do for a step that has a result.
func run[T any](b *tab, step chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	result, err := chromedp.Run(ctx, step)
	if err != nil {
		b.t.Fatalf("at %s: %v", b.whereabouts(), err)
	}
	return result
}

// whereabouts is the address of the page, for a message; what is wrong with
// the window may be that it tells none.
func (b *tab) whereabouts() string {
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	where, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return "an unknown address"
	}
	return where
}

// call sends a command of the browser's protocol to the window.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatalf("at %s: %v", b.whereabouts(), err)
	}
	return result
}

// becomes waits until an expression of script is true, on whatever page the
// window is then, and tells whether it came to be.
func (b *tab) becomes(expression string) bool {
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	for range time.Tick(5 * time.Millisecond) {
		// While a page goes and another comes there is none to ask.
		if so, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && so {
			return true
		}
		if ctx.Err() != nil {
			break
		}
	}
	return false
}

// await waits until an expression of script is true.
func (b *tab) await(expression string) {
	b.t.Helper()
	if !b.becomes(expression) {
		b.t.Fatalf("at %s: it never came to be that %s", b.whereabouts(), expression)
	}
}

// awaitReloading reloads the page until a part of it has this text. It is for
// pages that do not refresh by themselves.
func (b *tab) awaitReloading(selector, text string) {
	b.t.Helper()
	for deadline := time.Now().Add(limit); !strings.Contains(b.text(selector), text); {
		if time.Now().After(deadline) {
			b.t.Fatalf("at %s: %s never said %q, but %q", b.whereabouts(), selector, text, b.text(selector))
		}
		b.do(chromedp.Reload())
	}
}

// open goes to a page of the server, from "/" on, or to a whole URL.
func (b *tab) open(path string) {
	b.t.Helper()
	if path[0] == '/' {
		path = b.url + path
	}
	b.do(chromedp.Navigate(path))
	b.awaitPage()
}

// awaitPage waits until the page is loaded and painted: until then the browser
// drops what is typed.
func (b *tab) awaitPage() {
	b.t.Helper()
	b.await(`!document.isLeft && document.readyState === "complete" && performance.getEntriesByType("paint").length > 0`)
}

// press clicks on an element as soon as a person could: it is there, enabled
// and covered by nothing. All of that is one task in the page, for what the
// page moves between the finding of a button and a press of the mouse, as it
// does while somebody types, is missed.
const press = `(selector => {
	const target = document.querySelector(selector)
	if (!target || target.matches(":disabled")) return false
	target.scrollIntoView({block: "center", behavior: "instant"})
	const box = target.getClientRects()[0]
	if (!box) return false
	const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
	if (!target.contains(top) && top?.closest("label")?.control !== target) return false
	target.click()
	return true
})(%q)`

// click presses what leads to no other page. What is pressed is named by a CSS
// selector.
func (b *tab) click(selector string) {
	b.t.Helper()
	if !b.becomes(fmt.Sprintf(press, selector)) {
		b.t.Fatalf("at %s: nobody could press %s", b.whereabouts(), selector)
	}
}

// follow clicks on what leads to another page, and waits for it.
func (b *tab) follow(selector string) {
	b.t.Helper()
	b.leave(func() {
		// Whether it was pressed is not always heard of: the page may be gone.
		if !b.becomes("!document.isLeft || " + fmt.Sprintf(press, selector)) {
			b.t.Fatalf("at %s: nobody could press %s", b.whereabouts(), selector)
		}
	})
}

// leave does what leads to another page, and waits until that one is there.
// The page that is left carries a mark, so that one with the same address is
// not taken for it.
func (b *tab) leave(do func()) {
	b.t.Helper()
	b.do(void(chromedp.Evaluate[bool]("document.isLeft = true")))
	do()
	b.awaitPage()
}

// fill types into a field that is empty, as a person does.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
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
