package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progressLine shows how far a command is and how long it may take: on a terminal
// one line that is written over, elsewhere a line now and then.
type progressLine struct {
	out      io.Writer
	terminal bool
	unit     string // of what is done
	now      func() time.Time

	phase string
	began time.Time // of the phase
	first int64     // what was done then
	shown time.Time
	last  [2]int64 // done and total, when last told
	width int      // of the line on the terminal
}

const (
	redrawEvery = 100 * time.Millisecond // on a terminal
	printEvery  = 5 * time.Second        // elsewhere
)

func newProgressLine(out io.Writer, unit string) *progressLine {
	p := &progressLine{out: out, unit: unit, now: time.Now}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// onTerminal returns a line that is shown on a terminal alone.
func onTerminal(out io.Writer, unit string) *progressLine {
	p := newProgressLine(out, unit)
	if !p.terminal {
		p.out, p.terminal = io.Discard, true
	}
	return p
}

// show is told how much of a phase is done. A total of 0 is not known.
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

// end shows the last figures of a phase and ends the line.
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

// clear wipes the line off a terminal, so that something else can be printed. The
// next phase begins anew.
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
	// Blanks wipe out what was longer.
	fmt.Fprintf(p.out, "\r%-*s", p.width, line)
	p.width = len(line)
}

// barWidth lets the line of a thousand million rows fit on 80 columns.
const barWidth = 8

func (p *progressLine) line(elapsed time.Duration, done, total int64) string {
	if total <= 0 {
		return fmt.Sprintf("%-9s ...", p.phase)
	}
	total = max(total, done) // it was a guess
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
	left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%s, %.0f/s, %s left", line, rate, left)
}
