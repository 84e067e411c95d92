package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// report is all that a run found.
type report struct {
	When       time.Time    `json:"when"`
	Platform   string       `json:"platform"`
	CPUs       int          `json:"cpus"`
	Go         string       `json:"go"`
	Seed       uint64       `json:"seed"`
	Database   string       `json:"database"`
	Scenarios  []result     `json:"scenarios"`
	CSV        *csvResult   `json:"csv,omitempty"`
	Growth     *growth      `json:"growth,omitempty"`
	Servers    *pair        `json:"servers,omitempty"`
	Neighbours []neighbour  `json:"neighbours,omitempty"`
	Load       *mixedResult `json:"load,omitempty"`
	Targets    []target     `json:"targets"`
	floorText  string
}

func newReport(seed uint64, database string) *report {
	return &report{
		When:     time.Now().UTC().Truncate(time.Second),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
		CPUs:     runtime.NumCPU(),
		Go:       runtime.Version(),
		Seed:     seed,
		Database: database,
	}
}

// target is a figure that the design promises.
type target struct {
	Name    string  `json:"name"`
	Reached float64 `json:"reached"`
	Must    float64 `json:"must"`
	Aim     float64 `json:"aim"`
	// AtLeast tells that more is better.
	AtLeast bool   `json:"at_least"`
	Verdict string `json:"verdict"`
}

// The verdicts on a target.
const (
	verdictAim  = "aim"
	verdictPass = "pass"
	verdictMiss = "MISS"
	verdictNone = "not measured"
)

func (t target) judge() target {
	meets := func(limit float64) bool {
		if t.AtLeast {
			return t.Reached >= limit
		}
		return t.Reached <= limit
	}
	switch {
	case t.Reached == 0: // as where there is no /proc
		t.Verdict = verdictNone
	case meets(t.Aim):
		t.Verdict = verdictAim
	case meets(t.Must):
		t.Verdict = verdictPass
	default:
		t.Verdict = verdictMiss
	}
	return t
}

// judge fills in the targets for what was measured.
func (r *report) judge() {
	add := func(t target) { r.Targets = append(r.Targets, t.judge()) }
	cpu := 0.0
	for _, s := range r.Scenarios {
		if r.Database == onPostgres {
			if s.ContactsEach == bulk && s.Concurrency == 1 {
				add(target{Name: "5,000 a request, c=1: p50 to floor", Reached: s.P50ToFloor, Must: 3, Aim: 2})
			}
			continue
		}
		switch {
		case s.ContactsEach == bulk && s.Concurrency == 1:
			add(target{Name: "5,000 a request, c=1: p50 to floor", Reached: s.P50ToFloor, Must: 1.5, Aim: 1})
		case s.ContactsEach == bulk && s.Concurrency == 4:
			add(target{Name: "5,000 a request, c=4: contacts/s to floor", Reached: s.RateToFloor, Must: 0.8, Aim: 1.1, AtLeast: true})
		case s.ContactsEach == bulk && s.Concurrency == 16:
			add(target{Name: "5,000 a request, c=16: peak memory, MB", Reached: s.PeakMB, Must: 256, Aim: 128})
		case s.ContactsEach == 1 && s.Concurrency == 64:
			add(target{Name: "1 a request, c=64: contacts/s to floor", Reached: s.RateToFloor, Must: 5, Aim: 8, AtLeast: true})
		}
		if s.ContactsEach == bulk {
			cpu = max(cpu, s.CPU)
		}
	}
	if m := r.Load; m != nil {
		add(target{Name: "load: peak memory, MB", Reached: m.PeakMB, Must: 512 << 20 / 1e6, Aim: 256})
		add(target{Name: "load: memory, last third to middle", Reached: ratio(m.Steady.Last.ResidentMB, m.Steady.Middle.ResidentMB), Must: 1.1, Aim: 1.02})
		add(target{Name: "load: goroutines, last third to middle", Reached: ratio(m.Steady.Last.Goroutines, m.Steady.Middle.Goroutines), Must: 1.1, Aim: 1.02})
	}
	if cpu > 0 {
		add(target{Name: "5,000 a request, any c: server CPU a contact, µs", Reached: cpu, Must: 8, Aim: 4})
	}
	if g := r.Growth; g != nil {
		sizes := fmt.Sprintf("%s contacts to %s: ", grouped(g.Large.Contacts), grouped(g.Small.Contacts))
		for i, t := range g.Times {
			aim := 1.1
			if i == 0 { // the writes
				aim = 1.15
			}
			if t.target {
				add(target{Name: sizes + t.Name + ", p50", Reached: t.LargeToSmall, Must: 1.5, Aim: aim})
			}
		}
	}
}

// print writes the report for people.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s, %s, %d CPUs, %s. Other work on the machine shows in all figures: compare ratios.\n", r.Database, r.Platform, r.CPUs, r.Go)
	if len(r.Scenarios) > 0 {
		fmt.Fprintf(w, "\n%s\n", r.floorText)
		fmt.Fprintln(w, "Server and floor take turns; contacts/s and floor/s are the medians of the turns.")
		fmt.Fprintln(w, "CPU is processor time a contact, user and system: of the server, of the database where it has processes of its own, of the floor (with its database), and of the client that sends the load.")
		printTable(w, r.scenarioTable())
	}
	if r.CSV != nil {
		fmt.Fprintln(w, "\nA CSV file into a dynamic list; the floor writes its contacts, and knows no lists:")
		printTable(w, r.CSV.table())
	}
	if r.Growth != nil {
		fmt.Fprintln(w, "\nThe same requests to a small and to a large account:")
		printTable(w, r.Growth.table())
	}
	if r.Servers != nil {
		fmt.Fprintln(w, "\nThe same load sent to one server, and shared by two on the same database, in turns:")
		printTable(w, r.Servers.table())
	}
	if len(r.Neighbours) > 0 {
		fmt.Fprintln(w, "\nOne account's requests while another does its worst:")
		printTable(w, neighbourTable(r.Neighbours))
	}
	if m := r.Load; m != nil {
		fmt.Fprintln(w, "\nRequests of every kind at once, by several accounts, as many as the machine does and then twice as many:")
		m.print(w)
	}
	if len(r.Targets) > 0 {
		fmt.Fprintln(w)
		printTable(w, targetTable(r.Targets))
	}
	fmt.Fprintln(w, "\nNumber matching has a benchmark of its own: go test -run '^$' -bench 'Parse$|Library' ./internal/phone")
}

func (r *report) scenarioTable() [][]string {
	table := [][]string{{"scenario", "requests", "contacts/s", "p50 ms", "p99 ms",
		"floor/s", "floor p50", "floor p99", "p50:floor", "rate:floor", "CPU µs", "database", "floor", "client", "peak MB"}}
	for _, s := range r.Scenarios {
		table = append(table, []string{
			fmt.Sprintf("%s a request, c=%d", grouped(s.ContactsEach), s.Concurrency),
			grouped(s.Requests), grouped(int(s.ContactsPerSecond)), figure(s.P50), figure(s.P99),
			grouped(int(s.FloorPerSecond)), figure(s.FloorP50), figure(s.FloorP99),
			figure(s.P50ToFloor), figure(s.RateToFloor), figure(s.CPU), figure(s.DatabaseCPU), figure(s.FloorCPU), figure(s.ClientCPU), figure(s.PeakMB),
		})
	}
	return table
}

func (c *csvResult) table() [][]string {
	return [][]string{
		{"rows", "file MB", "taken in ms", "rows/s", "floor/s", "rate:floor", "peak MB", "kills", "rows/s with them"},
		{grouped(c.Rows), figure(c.FileMB), figure(c.TakeMS), figure(c.RowsPerSecond), figure(c.FloorPerSecond),
			figure(c.RateToFloor), figure(c.PeakMB), grouped(c.Kills), figure(c.KilledPerSecond)},
	}
}

func (g *growth) table() [][]string {
	table := [][]string{{"", grouped(g.Small.Contacts), grouped(g.Large.Contacts), "large to small"}}
	for _, t := range g.Times {
		table = append(table, []string{t.Name + ", p50 ms", figure(t.Small), figure(t.Large), figure(t.LargeToSmall)})
	}
	return append(table,
		[]string{"5,000 more, p99 ms", figure(g.Small.BulkP99), figure(g.Large.BulkP99), ""},
		[]string{"memory, MB", figure(g.Small.ResidentMB), figure(g.Large.ResidentMB), ""},
		[]string{"disk, bytes a contact", "", figure(g.BytesEach), ""})
}

func targetTable(targets []target) [][]string {
	table := [][]string{{"target", "reached", "must / aim", ""}}
	for _, t := range targets {
		sign := "≤"
		if t.AtLeast {
			sign = "≥"
		}
		table = append(table, []string{t.Name, figure(t.Reached), fmt.Sprintf("%s %g / %g", sign, t.Must, t.Aim), t.Verdict})
	}
	return table
}

// printTable aligns the first column to the left and the others to the right.
func printTable(w io.Writer, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, row := range table {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range table {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString(cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// figure shows three digits, and a dash for what could not be measured.
func figure(f float64) string {
	switch {
	case f == 0:
		return "-"
	case f < 10:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case f < 100:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return grouped(int(f + 0.5))
}

// grouped writes 12345 as 12,345.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// save writes the report for programs.
func (r *report) save(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}
