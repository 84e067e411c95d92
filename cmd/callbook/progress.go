package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progressLine shows the progress of a command and the remaining time. On a terminal it
// redraws one line; elsewhere it prints a line from time to time.
type progressLine struct {
	out      io.Writer
	terminal bool
	unit     string // the unit of the counts
	now      func() time.Time

	phase string
	began time.Time // when the phase began
	first int64     // what was done at that time
	shown time.Time
	last  [2]int64 // done and total of the last call
	width int      // of the line on the terminal
}

const (
	redrawEvery = 100 * time.Millisecond // on a terminal
	printEvery  = 5 * time.Second        // elsewhere
)

func newProgressLine(out io.Writer, unit string) *progressLine {
	p := &progressLine{out: out, unit: unit, now: time.Now}
	p.terminal = isTerminal(out)
	return p
}

// isTerminal reports whether an input or output is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// onTerminal returns a progressLine that shows nothing unless out is a terminal.
func onTerminal(out io.Writer, unit string) *progressLine {
	p := newProgressLine(out, unit)
	if !p.terminal {
		p.out, p.terminal = io.Discard, true
	}
	return p
}

// show shows how much of a phase is done. A total of 0 means unknown.
func (p *progressLine) show(phase string, done, total int64) {
	now := p.now()
	every := printEvery
	if p.terminal {
		every = redrawEvery
	}
	if phase != p.phase {
		p.end()
		p.phase, p.began, p.first = phase, now, done
	} else if now.Sub(p.shown) < every {
		p.last = [2]int64{done, total}
		return
	}
	p.print(now, done, total)
}

// end shows the last counts of a phase and ends the line.
func (p *progressLine) end() {
	if p.phase == "" {
		return
	}
	if p.last != [2]int64{} {
		p.print(p.now(), p.last[0], p.last[1])
	}
	if p.terminal {
		fmt.Fprintln(p.out)
	}
	p.phase, p.width = "", 0
}

// clear clears the line on a terminal, so that something else can be printed. Then it
// starts over with the next phase.
func (p *progressLine) clear() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.out, "\r%*s\r", p.width, "")
	}
	p.phase, p.width, p.last = "", 0, [2]int64{}
}

func (p *progressLine) print(now time.Time, done, total int64) {
	p.shown, p.last = now, [2]int64{}
	line := p.line(now.Sub(p.began), done, total)
	if !p.terminal {
		fmt.Fprintln(p.out, line)
		return
	}
	// pad with blanks over the rest of a longer line
	fmt.Fprintf(p.out, "\r%-*s", p.width, line)
	p.width = len(line)
}

// With barWidth, the line of a thousand million rows fits into 80 columns.
const barWidth = 8

func (p *progressLine) line(elapsed time.Duration, done, total int64) string {
	if total <= 0 {
		return fmt.Sprintf("%-9s ...", p.phase)
	}
	total = max(total, done) // total was an estimate
	part := 1.0
	if total > 0 {
		part = float64(done) / float64(total)
	}
	full := int(part * barWidth)
	line := fmt.Sprintf("%-9s [%s%s] %3d%% %d of %d %s", p.phase,
		strings.Repeat("#", full), strings.Repeat(".", barWidth-full), int(100*part), done, total, p.unit)
	since := done - p.first
	if elapsed < time.Second || since <= 0 {
		return line
	}
	rate := float64(since) / elapsed.Seconds()
	return fmt.Sprintf("%s, %.0f/s, %s left", line, rate, estimate(float64(total-done)/rate))
}

// estimate returns an estimated number of seconds in words of its precision.
func estimate(seconds float64) string {
	switch {
	case seconds < 100:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 100*60:
		return fmt.Sprintf("%.0f min", seconds/60)
	}
	return fmt.Sprintf("%.0f h", min(seconds/3600, 9999))
}
