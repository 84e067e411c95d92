package browsertest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axeSource returns the source of axe-core, which scripts/install-test-tools
// puts into .tools.
func axeSource(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(moduleRoot, ".tools", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		missing(t, "axe-core")
	}
	return string(source)
}

// violation is what axe-core found against one of its rules.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// accessible checks that axe-core, which the page has been given, finds nothing
// serious on it. The same page in the dark differs in its colours alone, so there only
// the rules about them are asked.
func (b *tab) accessible(what string, l look) {
	b.t.Helper()
	rules := ""
	if l.scheme == "dark" {
		rules = `, runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}`
	}
	what += " " + l.String()
	found := run(b, chromedp.Evaluate[string](
		`axe.run(document, {resultTypes: ["violations"]`+rules+`}).then(r => JSON.stringify(r.violations))`,
		func(p *runtime.EvaluateParams) { chromedp.EvalAwaitPromise(p) }))
	var violations []violation
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatalf("%v in %s", err, found)
	}
	for _, v := range violations {
		if v.Impact != "serious" && v.Impact != "critical" {
			b.t.Logf("%s: %s: %s (%s), %d times", what, v.Impact, v.Help, v.ID, len(v.Nodes))
			continue
		}
		for _, n := range v.Nodes {
			b.t.Errorf("%s: %s: %s (%s): %s\n%s", what, v.Impact, v.Help, v.ID, n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n  "))
		}
	}
}
