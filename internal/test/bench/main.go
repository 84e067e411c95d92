// Command bench measures a callbook server over loopback HTTP, and in the same
// run the floor: the same rows through the bare driver of the database. See
// "make bench BENCHARGS=--help".
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type flags struct {
	Quick    bool          `help:"Do a quarter of everything (but growth)."`
	DB       string        `name:"db" enum:"sqlite,postgres" default:"sqlite" placeholder:"ENGINE" help:"The database under the server: sqlite, or postgres, for which the run brings up a PostgreSQL of its own that syncs to the disk (${default})."`
	DSN      string        `name:"dsn" placeholder:"URL" help:"With --db postgres: use this server instead, as postgres://user:password@host/postgres. The user must be allowed to make databases; they are called callbook_bench_..., and removed. Its processor time is not measured."`
	Only     []string      `enum:"bulk,single,csv,campaigns,sip,servers,growth,neighbour,load" placeholder:"PART" help:"Measure only these: bulk, single, csv, campaigns, sip, which is calls over a trunk, for an hour with --duration 1h, growth, neighbour, which is what one account's worst does to another's requests, load, which is requests of every kind for --duration and then twice as many, and with --db postgres servers, which is two servers on one database against one."`
	Targets  int           `default:"40000" placeholder:"N" help:"How many numbers a campaign calls (${default}). What callbook promises it promises for 500,000, which takes some minutes."`
	Duration time.Duration `default:"12s" help:"What a scenario's requests may take in all (${default}); the floor gets up to half of that more."`
	Rounds   uint          `default:"8" placeholder:"N" help:"Turns of server and floor in a scenario (${default})."`
	Dir      string        `type:"existingdir" placeholder:"DIR" help:"Where the databases go for the time of the run, instead of the system's temporary directory. It should be on a real disk: one in memory syncs for nothing."`
	Binary   string        `type:"existingfile" default:"callbook" placeholder:"FILE" help:"The callbook binary to measure (${default}, which make build makes)."`
}

func main() {
	if text := os.Getenv(roleVariable); text != "" {
		playRole(text)
	}
	// A reader that closes its end, as head does, must not leave a server
	// behind either.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	l := &lab{}
	kong.Parse(&l.flags, kong.Name("bench"), kong.Description(`Measure the server over loopback HTTP, and the bare driver of its database, the floor, in turn with it. Times depend on the machine and on what else it does; the ratios to the floor less so.`))
	if err := l.run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// run measures what the flags ask for, and reports.
func (l *lab) run(ctx context.Context) (err error) {
	l.engine = l.sqlite()
	if l.DB == "postgres" {
		if l.engine, err = newPostgres(l.DSN, l.Dir); err != nil {
			return err
		}
		l.engine.campaignFloor = l.postgresCampaignFloor
		defer func() { err = errors.Join(err, l.engine.close()) }()
	}
	for _, part := range []struct {
		name    string
		usual   bool
		measure func(context.Context) error
	}{
		{"bulk", true, l.bulk}, {"single", true, l.single}, {"csv", true, l.csv}, {"campaigns", true, l.campaigns}, {"servers", l.DB == "postgres", l.servers}, {"sip", false, l.sip},
		{"growth", false, l.growth}, {"neighbour", false, l.neighbour}, {"load", false, l.mixed},
	} {
		if slices.Contains(l.Only, part.name) || part.usual && len(l.Only) == 0 {
			if err := part.measure(ctx); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
		}
	}
	return l.report.write(os.Stdout, l.DB)
}
