package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"

	"callbook/internal/clock"
	"callbook/internal/trunk"
)

type trunkCmd struct {
	Create trunkCreateCmd `cmd:"" help:"Add a SIP trunk, over which campaigns call real telephones."`
	List   trunkListCmd   `cmd:"" help:"List the trunks, in the order in which they are taken."`
	Show   trunkShowCmd   `cmd:"" help:"Show a trunk, without its password."`
	Test   trunkTestCmd   `cmd:"" help:"Ask whether a trunk is there, or place a call over it and show its messages."`
	Trace  trunkTraceCmd  `cmd:"" help:"Show the messages of calls of campaigns that failed."`
	Set    trunkSetCmd    `cmd:"" help:"Change a trunk: what is given replaces what was, and the rest stays. Without flags, show it."`
	Remove trunkRemoveCmd `cmd:"" help:"Remove a trunk; calls over it go on to their end."`
}

// withTrunks calls f with the trunks of a database. A server may be running on it.
func (d database) withTrunks(ctx context.Context, k trunk.Keys, f func(*trunk.Trunks) error) error {
	return d.withDB(ctx, func(db commandStore) error { return f(trunk.New(db, k, clock.System)) })
}

type trunkCreateCmd struct {
	database
	secretsFlags
	Name string `arg:"" help:"The trunk's name: letters, digits, '-' and '_', as exotel-mumbai."`
	trunkFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Validate is called by kong after it has parsed the flags.
func (c *trunkCreateCmd) Validate() error {
	if err := c.database.Validate(); err != nil {
		return err
	}
	if err := c.secretsFlags.Validate(); err != nil {
		return err
	}
	if c.Name == "" {
		return errors.New(`"<name>" is missing: give the trunk a name, as exotel-mumbai`)
	}
	if c.Address == nil {
		return errors.New("--address is missing: give the trunk's, as --address 'sip:trunk.example.com:5060;transport=udp'")
	}
	t := trunk.Defaults(c.Name)
	if err := c.apply(t); err != nil {
		return err
	}
	t.HasPassword = c.PasswordFile != ""
	return t.Check()
}

func (c *trunkCreateCmd) Run(ctx context.Context, std streams) error {
	t := trunk.Defaults(c.Name)
	if err := c.apply(t); err != nil {
		return err
	}
	var err error
	if t.Password, err = c.password(); err != nil {
		return err
	}
	return c.withTrunks(ctx, c.keys(c.database), func(trunks *trunk.Trunks) error {
		if err := trunks.Create(ctx, t); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, trunkJSON(t))
		}
		_, err := fmt.Fprintf(std.out, "Trunk %s created. A server that calls over trunks takes it up within seconds; one that began without any has to be started again.\n%s", t.Name, trunkText(t))
		return err
	})
}

type trunkListCmd struct {
	database
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *trunkListCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withTrunks(ctx, trunk.Keys{}, func(trunks *trunk.Trunks) error {
		all, err := trunks.Overview(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			list := make([]trunkView, len(all))
			for i := range all {
				list[i] = trunkJSON(&all[i])
			}
			return printJSON(std.out, list)
		}
		w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "TRUNK\tRANK\tADDRESS\tNUMBERS\tCALLER IDS\tCALLS A SECOND\tCHANNELS")
		for _, t := range all {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%d\t%d\n", t.Name, t.Rank, t.Address(), some(t.Prefixes, "all"), some(t.CallerIDs, "any"), t.CallsASecond, t.Channels)
		}
		return w.Flush()
	})
}

// some returns the first texts of a list, for a cell of a table.
func some(all []string, none string) string {
	const most = 3
	switch n := len(all); {
	case n == 0:
		return none
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), n-most)
	}
	return strings.Join(all, ", ")
}

type trunkShowCmd struct {
	database
	Name string `arg:"" help:"The trunk's name."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *trunkShowCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withTrunks(ctx, trunk.Keys{}, func(trunks *trunk.Trunks) error {
		t, err := trunks.Trunk(ctx, c.Name)
		if err != nil {
			return err
		}
		return showTrunk(std.out, t, c.JSON)
	})
}

func showTrunk(w io.Writer, t *trunk.Trunk, asJSON bool) error {
	if asJSON {
		return printJSON(w, trunkJSON(t))
	}
	_, err := fmt.Fprintf(w, "Trunk %s\n%s", t.Name, trunkText(t))
	return err
}

type trunkSetCmd struct {
	database
	secretsFlags
	Name string `arg:"" help:"The trunk's name."`
	trunkFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Validate is called by kong after it has parsed the flags.
func (c *trunkSetCmd) Validate() error {
	if err := c.database.Validate(); err != nil {
		return err
	}
	if err := c.secretsFlags.Validate(); err != nil {
		return err
	}
	return c.apply(trunk.Defaults(c.Name))
}

func (c *trunkSetCmd) Run(ctx context.Context, std streams) error {
	if reflect.ValueOf(c.trunkFlags).IsZero() {
		return (&trunkShowCmd{database: c.database, Name: c.Name, JSON: c.JSON}).Run(ctx, std)
	}
	if err := c.mustHold(); err != nil {
		return err
	}
	password, err := c.password()
	if err != nil {
		return err
	}
	return c.withTrunks(ctx, c.keys(c.database), func(trunks *trunk.Trunks) error {
		t, err := trunks.Change(ctx, c.Name, func(t *trunk.Trunk) error {
			t.Password = password
			return c.apply(t)
		})
		if err != nil {
			return err
		}
		return showTrunk(std.out, t, c.JSON)
	})
}

type trunkRemoveCmd struct {
	database
	Name string `arg:"" help:"The trunk's name."`
}

func (c *trunkRemoveCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withTrunks(ctx, trunk.Keys{}, func(trunks *trunk.Trunks) error {
		if err := trunks.Remove(ctx, c.Name); err != nil {
			return err
		}
		_, err := fmt.Fprintf(std.out, "Trunk %s removed.\n", c.Name)
		return err
	})
}
