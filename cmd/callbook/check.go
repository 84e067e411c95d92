package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"callbook/internal/backup"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/upload"
	"callbook/internal/verify"
)

type checkCmd struct {
	database
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is the text that kong adds to --help.
func (c *checkCmd) Help() string {
	return `Reads the whole database and checks it: its schema and structure, every contact, that no number is there twice in an account, the counters of accounts and lists against a recount, that every row has what it belongs to, receipts of Idempotency-Keys, uploads with their files, campaigns with a recount of their targets and calls, recordings, SIP trunks and the audit log; of a backup, also its checksum. It prints a line a check, and for what is wrong where it is and what to do.

It changes nothing and works beside running servers, of whose writes it sees one moment.

The exit code is 0 when nothing is wrong, 1 when something is, and 3 when the check could not be done.`
}

func (c *checkCmd) Run(ctx context.Context, std streams) error {
	report, err := c.check(ctx, std)
	switch {
	case err != nil && ctx.Err() != nil:
		return &exitError{exitUnable, errors.New("stopped before the end of the check")}
	case err != nil:
		return &exitError{exitUnable, err}
	case !report.OK():
		return fmt.Errorf("%s: %d of %d checks found something wrong", c.name(), report.Failed(), len(report.Results))
	}
	return nil
}

func (c *checkCmd) check(ctx context.Context, std streams) (report verify.Report, err error) {
	if err := c.mustExist(); err != nil {
		return report, err
	}
	store, closeStore, err := c.openVerify(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	print := printResult
	if c.JSON {
		print = func(io.Writer, verify.Result) error { return nil }
	}
	report, err = runChecks(ctx, store, std, nil, print)
	if err == nil && c.JSON {
		err = printJSON(std.out, reportJSON(c.name(), &report))
	}
	return report, err
}

// runChecks runs the checks in only, or all, and shows their progress on a terminal. It
// calls print with each result and the writer for it.
func runChecks(ctx context.Context, store verify.Store, std streams, only []string, print func(io.Writer, verify.Result) error) (verify.Report, error) {
	bar := onTerminal(std.err, "rows")
	var printed error
	report, err := verify.Run(ctx, store, verify.Options{
		Only:     only,
		Progress: bar.show,
		Checked: func(r verify.Result) {
			bar.clear()
			printed = errors.Join(printed, print(std.out, r))
		},
	})
	bar.clear()
	return report, errors.Join(err, printed)
}

// openVerify opens the database for checks. It also returns a function that closes it.
func (d database) openVerify(ctx context.Context) (verify.Store, func() error, error) {
	if postgres.IsURL(d.DB) {
		db, err := postgres.Open(ctx, d.DB, postgres.Options{})
		if err != nil {
			return nil, nil, err
		}
		return db.Verifier(), db.Close, nil
	}
	// backup.Verify must precede SQLite, because it would drop SQLite's locks on the
	// file.
	sealed, err := backup.Verify(ctx, d.DB)
	if err != nil && !errors.Is(err, backup.ErrChecksum) {
		return nil, nil, err
	}
	store := sealedStore{sqlite.NewVerifier(d.DB, upload.NewDisk(sqlite.UploadsFolder(d.DB)).Sizes), sealed, err}
	return store, func() error { return nil }, nil
}

// sealedStore is a database file that may be a backup. Its check of the structure
// includes the checksum.
type sealedStore struct {
	verify.Store
	sealed bool
	broken error // the error of the checksum
}

// View implements [verify.Store].
func (s sealedStore) View(ctx context.Context, f func(verify.View) error) error {
	return s.Store.View(ctx, func(v verify.View) error { return f(sealedView{v, s}) })
}

type sealedView struct {
	verify.View
	store sealedStore
}

// Structure implements [verify.View].
func (v sealedView) Structure(ctx context.Context, found func(text string)) (checked int64, unit string, err error) {
	switch {
	case v.store.broken != nil:
		found(v.store.broken.Error())
	case !v.store.sealed && v.Has("backup_files"):
		found(backup.ErrCut.Error())
	}
	return v.View.Structure(ctx, found)
}

// printResult prints a result for people.
func printResult(out io.Writer, r verify.Result) error {
	word := "ok"
	if !r.OK() {
		word = "WRONG"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%-5s  %-9s  %s\n", word, r.Check, counted(r.Counted))
	for _, p := range r.Problems {
		fmt.Fprint(&text, "       ")
		if p.Account != "" {
			fmt.Fprintf(&text, "account %s: ", p.Account)
		}
		fmt.Fprintln(&text, p.Text)
	}
	if more := r.Found - int64(len(r.Problems)); more > 0 {
		fmt.Fprintf(&text, "       and %d more\n", more)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&text, "       note: %s\n", note)
	}
	if !r.OK() {
		fmt.Fprintf(&text, "       What to do: %s\n", r.Advice)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func counted(all []verify.Count) string {
	var parts []string
	for _, c := range all {
		if c.Unit == verify.Version {
			parts = append(parts, fmt.Sprintf("%s %d", c.Unit, c.N))
			continue
		}
		parts = append(parts, fmt.Sprintf("%d %s", c.N, c.Unit))
	}
	return strings.Join(parts, ", ")
}

// reportView is the JSON of a report.
type reportView struct {
	Database string       `json:"database"`
	OK       bool         `json:"ok"`
	Checks   []resultView `json:"checks"`
}

type resultView struct {
	Check    string           `json:"check"`
	OK       bool             `json:"ok"`
	Counted  map[string]int64 `json:"counted"`
	Problems []problemView    `json:"problems"`
	Found    int64            `json:"problem_count"`
	Notes    []string         `json:"notes"`
	Advice   *string          `json:"advice"`
}

type problemView struct {
	Account *string `json:"account_sid"`
	Text    string  `json:"text"`
}

func reportJSON(name string, report *verify.Report) reportView {
	v := reportView{Database: name, OK: report.OK(), Checks: make([]resultView, len(report.Results))}
	for i := range report.Results {
		r := &report.Results[i]
		to := resultView{
			Check: r.Check, OK: r.OK(), Counted: make(map[string]int64), Found: r.Found,
			Problems: make([]problemView, len(r.Problems)), Notes: append([]string{}, r.Notes...),
		}
		for _, c := range r.Counted {
			to.Counted[c.Unit] = c.N
		}
		for j, p := range r.Problems {
			to.Problems[j].Text = p.Text
			if p.Account != "" {
				to.Problems[j].Account = &p.Account
			}
		}
		if r.Advice != "" {
			to.Advice = &r.Advice
		}
		v.Checks[i] = to
	}
	return v
}
