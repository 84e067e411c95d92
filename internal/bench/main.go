// Command bench measures a callbook server over loopback HTTP, and in the same
// run the floor: the same rows through the bare driver of its database. See
// "make bench BENCHARGS=--help".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

func main() {
	// A reader that closes its end, as head does, must not leave a server
	// behind either.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const description = `Measure the server over loopback HTTP: requests of 5,000 contacts and of one, at several concurrencies, and the import of a CSV file, ` +
	`once undisturbed and once with a server that is killed three times on the way and must still end with exactly what the file holds. ` +
	`Between them the same rows go through the bare driver of the database, which is the floor. ` +
	`Times depend on the machine and on what else it does; the ratios to the floor less so. ` +
	`The whole takes about two and a half minutes, and a minute more with --growth; with --db postgres, some minutes more.`

// The engines, as --db names them.
const (
	onSQLite   = "sqlite"
	onPostgres = "postgres"
)

// The parts of a run, as --only names them.
const (
	partBulk   = "bulk"
	partSingle = "single"
	partCSV    = "csv"
	partGrowth = "growth"
	partPair   = "servers"
	// These are measured only when they are asked for.
	partNeighbour = "neighbour"
	partLoad      = "load"
)

type flags struct {
	Quick          bool          `help:"Do a quarter of everything (but growth)."`
	DB             string        `name:"db" enum:"sqlite,postgres" default:"sqlite" placeholder:"ENGINE" help:"The database under the server: sqlite, or postgres, for which the run brings up a PostgreSQL of its own from the machine's programs, with everything synced to the disk (${default})."`
	DSN            string        `name:"dsn" placeholder:"URL" help:"With --db postgres: use this server instead, as postgres://user:password@host/postgres. The user must be allowed to make databases; they are called callbook_bench_..., and removed. Its processor time is not measured, neither under the server nor under the floor."`
	Only           []string      `enum:"bulk,single,csv,growth,servers,neighbour,load" placeholder:"PART" help:"Measure only these: bulk, single, csv, growth, neighbour, which is what one account's worst does to another's requests, load, which is requests of every kind at once for --duration and then twice as many, and with --db postgres servers, which is two servers on one database against one."`
	Growth         bool          `help:"Measure also how the size of an account shows; takes about a minute."`
	GrowthContacts int           `default:"1000000" placeholder:"N" help:"Contacts in the large account (${default})."`
	BulkRequests   int           `default:"200" placeholder:"N" help:"Requests of 5,000 contacts in a scenario, at most (${default})."`
	SingleRequests int           `default:"40000" placeholder:"N" help:"Requests of one contact in a scenario, at most (${default})."`
	CSVRows        int           `name:"csv-rows" default:"500000" placeholder:"N" help:"Rows of the CSV file (${default})."`
	Duration       time.Duration `default:"12s" help:"What a scenario's requests may take in all (${default}); the floor gets up to half of that more."`
	Rounds         int           `default:"8" placeholder:"N" help:"Turns of server and floor in a scenario (${default})."`
	Keep           bool          `help:"Keep one server and database for all scenarios, instead of new ones for each."`
	Dir            string        `type:"existingdir" placeholder:"DIR" help:"Where the databases go for the time of the run, instead of the system's temporary directory. It should be on a real disk: one in memory syncs for nothing."`
	Binary         string        `type:"existingfile" placeholder:"FILE" help:"Measure this callbook binary instead of building one."`
	Pprof          string        `type:"existingdir" placeholder:"DIR" help:"Write a CPU profile of the server in each scenario to this directory; it costs a little speed. To read one: go tool pprof -top FILE."`
	JSON           string        `name:"json" placeholder:"FILE" help:"Write the figures to this file as JSON too."`
	Seed           uint64        `default:"1" placeholder:"N" help:"Seed of the made-up contacts (${default})."`
}

// Validate is called by kong when the flags are read.
func (f *flags) Validate() error {
	if f.BulkRequests < 1 || f.SingleRequests < 1 || f.Rounds < 1 || f.Duration <= 0 {
		return errors.New("--bulk-requests, --single-requests, --rounds and --duration must be more than zero")
	}
	if f.Pprof != "" && f.Binary != "" {
		return errors.New("--pprof needs a server built for it, so it does not go with --binary")
	}
	if f.CSVRows < csvMinRows || f.CSVRows > csvMaxRows {
		return fmt.Errorf("--csv-rows must be %d to %d", csvMinRows, csvMaxRows)
	}
	if f.DB != onPostgres && (f.DSN != "" || slices.Contains(f.Only, partPair)) {
		return errors.New("--dsn and --only servers go with --db postgres")
	}
	if f.GrowthContacts < smallContacts {
		return fmt.Errorf("--growth-contacts must be %d or more", smallContacts)
	}
	return nil
}

func (f *flags) wants(part string) bool {
	if part == partGrowth && f.Growth {
		return true
	}
	if len(f.Only) == 0 {
		return part != partGrowth && part != partNeighbour && part != partLoad && (part != partPair || f.DB == onPostgres)
	}
	return slices.Contains(f.Only, part)
}

// run is the program without its globals; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f flags
	exited := false
	parser, err := kong.New(&f,
		kong.Name("bench"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { exited = true }),
	)
	if err != nil {
		panic(err) // the flags above are not well-formed
	}
	_, err = parser.Parse(args)
	if exited { // --help
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 2
	}
	if err := bench(ctx, f, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 1
	}
	return 0
}

// bench measures what the flags ask for, and reports.
func bench(ctx context.Context, f flags, stdout, stderr io.Writer) (err error) {
	if f.Quick {
		f.BulkRequests = max(1, f.BulkRequests/4)
		f.SingleRequests = max(1, f.SingleRequests/4)
		f.CSVRows = max(csvMinRows, f.CSVRows/4)
		f.Duration /= 4
	}
	db, err := f.engine()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	r := newReport(f.Seed, f.DB)
	r.floorText = db.floorText()
	err = withDir(f.Dir, "callbook-bench-", func(dir string) (err error) {
		l := &lab{
			engine:   db,
			binary:   f.Binary,
			dir:      dir,
			rounds:   f.Rounds,
			limit:    f.Duration,
			gen:      newGenerator(f.Seed),
			profiles: f.Pprof,
			progress: func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) },
		}
		if l.binary == "" {
			l.progress("building callbook")
			if l.binary, err = build(ctx, dir, f.Pprof != "" || f.wants(partLoad)); err != nil {
				return err
			}
		}
		return l.measureAll(ctx, f, r)
	})
	if err != nil {
		return err
	}
	r.judge()
	fmt.Fprintln(stderr)
	r.print(stdout)
	if f.JSON != "" {
		return r.save(f.JSON)
	}
	return nil
}

// engine is the one that the flags ask for.
func (f *flags) engine() (engine, error) {
	if f.DB == onPostgres {
		return newPostgres(f.DSN, f.Dir)
	}
	return sqliteEngine{}, nil
}

// measureAll runs the scenarios one after the other.
func (l *lab) measureAll(ctx context.Context, f flags, r *report) (err error) {
	if f.Keep {
		stop, startErr := l.share(ctx)
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	for _, sc := range f.scenarios() {
		res, err := l.measure(ctx, sc)
		if err != nil {
			return err
		}
		r.Scenarios = append(r.Scenarios, res)
	}
	if f.wants(partCSV) {
		res, err := l.csv(ctx, f.CSVRows)
		if err != nil {
			return err
		}
		r.CSV = &res
	}
	if f.wants(partPair) {
		p, err := l.pair(ctx, f.BulkRequests)
		if err != nil {
			return err
		}
		r.Servers = &p
	}
	if f.wants(partGrowth) {
		g, err := l.growth(ctx, f.GrowthContacts)
		if err != nil {
			return err
		}
		r.Growth = &g
	}
	if f.wants(partNeighbour) {
		if r.Neighbours, err = l.neighbours(ctx); err != nil {
			return err
		}
	}
	if f.wants(partLoad) {
		m, err := l.mixedLoad(ctx)
		if err != nil {
			return err
		}
		r.Load = &m
	}
	return nil
}

// scenarios are the ones that the flags ask for.
func (f *flags) scenarios() []scenario {
	var all []scenario
	if f.wants(partBulk) {
		for _, concurrency := range []int{1, 4, 16} {
			all = append(all, scenario{
				name:        partBulk,
				contacts:    bulk,
				concurrency: concurrency,
				requests:    f.BulkRequests,
				floorEach:   max(1, f.BulkRequests/25),
				warmUp:      max(6, concurrency),
			})
		}
	}
	if f.wants(partSingle) {
		for _, concurrency := range []int{1, 16, 64} {
			all = append(all, scenario{
				name:        partSingle,
				contacts:    1,
				concurrency: concurrency,
				requests:    f.SingleRequests,
				floorEach:   max(1, f.SingleRequests/40),
				warmUp:      500,
			})
		}
	}
	return all
}
