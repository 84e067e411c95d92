package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// pageHeight is how high a window has to be for all of the page.
const pageHeight = "document.documentElement.scrollHeight"

// picture takes a picture of the window into screenshots/NAME.png. On a build server,
// where nobody looks at them, only a test that failed has one.
func (b *tab) picture(name string) {
	b.t.Helper()
	if os.Getenv("CI") == "true" && !b.t.Failed() {
		return
	}
	dir := filepath.Join(moduleRoot, "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if name == "failed" {
		name += "-" + strings.ReplaceAll(b.t.Name(), "/", "-")
	}
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Errorf("take a picture: %v", err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
