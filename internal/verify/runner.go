package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// The checks, by name.
const (
	Schema     = "schema"
	Structure  = "structure"
	Contacts   = "contacts"
	Numbers    = "numbers"
	Lists      = "lists"
	Trashed    = "trash"
	OrphanRows = "orphans"
	Secrets    = "secrets"
	Receipts   = "receipts"
	Uploads    = "uploads"
	Campaigns  = "campaigns"
	Prompts    = "recordings"
	Trunks     = "trunks"
	Audit      = "audit"
)

// check is one of the checks.
type check struct {
	name   string
	table  string // the check is skipped if this table does not exist; "" means always run
	advice string
	run    func(*runner, context.Context) error
}

const (
	adviceRestore = "Stop the servers, keep a copy of the database as it is, and restore the last backup that is sound; docs/backup.md says how."
	adviceCounted = "If only a counter is wrong, stop the servers and set it to the recount, with the statement in docs/backup.md. Otherwise keep a copy of the database as it is, and restore the last backup that is sound."
)

// order is the order of the checks.
var order = []string{Schema, Structure, Contacts, Numbers, Lists, Trashed, OrphanRows, Secrets, Receipts, Uploads, Campaigns, Prompts, Trunks, Audit}

var checks map[string]check

func init() {
	checks = map[string]check{
		Schema:     {Schema, "", adviceRestore, (*runner).schema},
		Structure:  {Structure, "", adviceRestore + " The disk may be failing: look at the machine's log.", (*runner).structure},
		Contacts:   {Contacts, "contacts", adviceCounted, (*runner).contacts},
		Numbers:    {Numbers, "contacts", "Delete all but one of the contacts that share a number, by their sids.", (*runner).numbers},
		Lists:      {Lists, "lists", adviceCounted, (*runner).lists},
		Trashed:    {Trashed, "trashed_contacts", adviceRestore + " What is in the trash can also be deleted for good.", (*runner).trash},
		OrphanRows: {OrphanRows, "contacts", adviceRestore, (*runner).orphans},
		Secrets:    {Secrets, "api_keys", adviceRestore, (*runner).secrets},
		Receipts:   {Receipts, "idempotency_keys", "Delete the receipts, with the statement that docs/backup.md gives: requests that were answered can then be done twice if they are sent again.", (*runner).receipts},
		Uploads:    {Uploads, "uploads", "Cancel the upload, and send its file again.", (*runner).uploads},
		Campaigns:  {Campaigns, "campaigns", adviceRestore, (*runner).campaigns},
		Prompts:    {Prompts, "prompts", "Upload the recording again in the place of the stored one. The disk may be failing: look at the machine's log.", (*runner).prompts},
		Trunks:     {Trunks, "trunks", "Remove the trunk with \"callbook trunk remove\" and add it again. A record that cannot be read can be deleted from the table dialogs while no server runs.", (*runner).trunks},
		Audit:      {Audit, "audit", "Nothing else depends on an entry of the audit log; one that is damaged can be deleted from the table audit while no server runs.", (*runner).audit},
	}
}

// runner is one run of the checks.
type runner struct {
	opts     Options
	view     View
	accounts []Account
	report   Report
	current  *Result
	done     int64 // rows of the current check
	total    int64
}

// all runs every check on the view. If a check cannot read the rows, the next ones
// run all the same.
func (r *runner) all(ctx context.Context) error {
	accounts, err := r.view.Accounts(ctx)
	if err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	r.accounts = accounts
	damaged := err
	for _, name := range order {
		c := checks[name]
		if r.opts.Only != nil && !slices.Contains(r.opts.Only, name) || c.table != "" && !r.view.Has(c.table) {
			continue
		}
		r.begin(c)
		err := c.run(r, ctx)
		if errors.Is(err, ErrDamaged) {
			r.problem("", err.Error())
			err = nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if name == Structure && damaged != nil {
			r.problem("", damaged.Error())
		}
		r.end()
	}
	return nil
}

func (r *runner) begin(c check) {
	r.current = &Result{Check: c.name, Advice: c.advice}
	r.done, r.total = 0, 0
	r.opts.Progress(c.name, 0, 0)
}

func (r *runner) end() {
	if r.current.OK() {
		r.current.Advice = ""
	}
	r.opts.Progress(r.current.Check, r.done, r.done)
	r.report.Results = append(r.report.Results, *r.current)
	r.opts.Checked(*r.current)
	r.current = nil
}

// problem adds a problem to the current check.
func (r *runner) problem(account, text string) {
	r.current.Found++
	if len(r.current.Problems) < MaxProblems {
		r.current.Problems = append(r.current.Problems, Problem{account, text})
	}
}

func (r *runner) note(text string) { r.current.Notes = append(r.current.Notes, text) }

func (r *runner) count(n int64, unit string) {
	for i := range r.current.Counted {
		if r.current.Counted[i].Unit == unit {
			r.current.Counted[i].N += n
			return
		}
	}
	r.current.Counted = append(r.current.Counted, Count{n, unit})
}

// progressEvery is how many rows are read between two calls of Options.Progress.
const progressEvery = 4096

// row counts a row that was read, for the progress.
func (r *runner) row() {
	if r.done++; r.done%progressEvery == 0 {
		r.opts.Progress(r.current.Check, r.done, max(r.total, r.done))
	}
}

// expected returns the number of contacts according to the counters.
func (r *runner) expected() (n int64) {
	for i := range r.accounts {
		n += max(0, r.accounts[i].Count)
	}
	return n
}
