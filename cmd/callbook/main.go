// Command callbook is a self-hosted address book for call campaigns: a server that speaks
// Exotel's v2 Campaigns API, and the commands to administer it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strconv"
	"syscall"

	"github.com/alecthomas/kong"

	"callbook/internal/account"
	"callbook/internal/audit"

	// Time zones must not depend on what the machine has installed.
	_ "time/tzdata"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills the program
	os.Exit(run(ctx, takeArgs(os.Args)[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// streams are the input of a command, and its outputs: out for its result, err for
// everything else.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitUnable = 3 // "check" could not run
)

// exitError is an error with its own exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

type commands struct {
	Serve     serveCmd     `cmd:"" help:"Run the server."`
	Account   accountCmd   `cmd:"" help:"Create, list, change, disable and delete accounts."`
	Key       keyCmd       `cmd:"" help:"Create, list and revoke API keys."`
	Trunk     trunkCmd     `cmd:"" help:"Add, list, change and remove SIP trunks, over which campaigns call real telephones."`
	Person    personCmd    `cmd:"" help:"Print or erase everything that is stored about a number."`
	Audit     auditCmd     `cmd:"" help:"Show who has changed what: the audit log."`
	LoginLink loginLinkCmd `cmd:"" help:"Make a link that signs a browser in to the dashboard, once."`
	Migrate   migrateCmd   `cmd:"" help:"Bring a database's schema up to date."`
	Copy      copyCmd      `cmd:"" help:"Copy everything from one database into another, as from a file to PostgreSQL."`
	Check     checkCmd     `cmd:"" help:"Check a database: structure, counters, uniqueness, files."`
	Health    healthCmd    `cmd:"" help:"Ask a server whether it is ready; exit code 0 says yes."`
	Backup    backupCmd    `cmd:"" help:"Write a backup of a database file, also beside a running server."`
	Restore   restoreCmd   `cmd:"" help:"Put a backup in the place of a database file."`
	Help      helpCmd      `cmd:"" help:"Show what a command does, as \"callbook help key create\"."`
	Version   versionCmd   `cmd:"" help:"Print the version."`

	VersionFlag versionFlag `name:"version" env:"-" help:"Print the version."`
}

// userID returns the id of the user who runs the program, or "" where users have none.
func userID() string {
	if uid := os.Getuid(); uid >= 0 {
		return strconv.Itoa(uid)
	}
	return ""
}

// run runs the program. It uses no global variables.
func run(ctx context.Context, args []string, std streams) int {
	var cli commands
	exited := false
	ctx = audit.From(ctx, &audit.Origin{Actor: audit.ByCommand(userID())})
	parser, err := kong.New(&cli,
		kong.Name("callbook"),
		kong.Description("A self-hosted address book for call campaigns that speaks Exotel's v2 Campaigns API."),
		kong.UsageOnError(),
		kong.DefaultEnvars("CALLBOOK"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(std.out, std.err),
		kong.Exit(func(int) { exited = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std),
		kong.KindMapper(reflect.Int, kong.MapperFunc(readWhole)),
		kong.Vars{"default_region": account.DefaultRegion, "default_time_zone": account.DefaultTimeZone},
	)
	if err != nil {
		panic(err) // the commands above are invalid
	}
	command, err := parser.Parse(orHelp(parser, args))
	if exited { // for --help and --version
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(std.err, "callbook: %s\nRun \"%s\" for help.\n", withoutSecrets(usageText(args, err)), helpOn(err))
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(std.err, "callbook: %s\n", withoutSecrets(withAdvice(err)))
		if e, ok := errors.AsType[*exitError](err); ok {
			return e.code
		}
		return exitFailed
	}
	return exitOK
}
