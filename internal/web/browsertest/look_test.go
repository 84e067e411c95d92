package browsertest

import (
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// look is how a page is looked at.
type look struct {
	scheme        string // light or dark
	width, height int64
}

// looks are what pages are made for: four widths, light and dark.
var looks = []look{
	{"light", 1440, 900}, {"dark", 1440, 900}, {"light", 1024, 768}, {"dark", 1024, 768},
	{"light", 768, 1024}, {"dark", 768, 1024}, {"light", 390, 844}, {"dark", 390, 844},
}

// pageLooks are those in which every page is checked and has its picture taken.
var pageLooks = []look{looks[0], looks[1], looks[6], looks[7]}

func (l look) String() string { return fmt.Sprintf("%d-%s", l.width, l.scheme) }

// theLook, when not nil, is how all stories are told.
var theLook *look

// lookOf is how the windows of a story begin. Its name decides, so that the stories
// share out the looks between them, and each has the same one in every run.
func lookOf(story string) look {
	if theLook != nil {
		return *theLook
	}
	h := fnv.New32a()
	h.Write([]byte(story))
	return looks[h.Sum32()%uint32(len(looks))]
}

// runLooks runs the tests. CALLBOOK_LOOK names the one look that all stories are told
// in, such as 390-dark; "all" tells them in each in turn.
func runLooks(m *testing.M) (code int) {
	asked := os.Getenv("CALLBOOK_LOOK")
	if asked == "" {
		return m.Run()
	}
	chosen := slices.Clone(looks)
	if asked != "all" {
		chosen = slices.DeleteFunc(chosen, func(l look) bool { return l.String() != asked })
	}
	if len(chosen) == 0 {
		fmt.Fprintf(os.Stderr, "CALLBOOK_LOOK is %q; it takes all, or one of %v\n", asked, looks)
		return 2
	}
	for _, l := range chosen {
		fmt.Println("look:", l)
		theLook = &l
		code = max(code, m.Run())
	}
	return code
}

// set makes the window so wide and the system so light.
func (b *tab) set(l look) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(l.width, l.height))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: l.scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"}, // or colours are looked at on their way
		},
	})
}
