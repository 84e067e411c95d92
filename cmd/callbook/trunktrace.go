package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"text/tabwriter"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/clock"
	"callbook/internal/link"
	"callbook/internal/session"
	"callbook/internal/trunk"
)

type trunkTraceCmd struct {
	database
	Of   string `arg:"" name:"name|call" help:"The trunk's name, for a list of its calls; or the id of a call, for its messages."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help is shown by kong.
func (c *trunkTraceCmd) Help() string {
	return `A server keeps the messages of the last 200 calls of campaigns that failed in its memory, without secrets, until it is stopped; with "serve --sip-trace", those of every call. This command asks the servers with a dashboard that run on the database. The messages have telephone numbers.`
}

// noTraces says what is kept, where nothing was found.
const noTraces = `a server keeps those of the last 200 calls that failed, until it is stopped; "serve --sip-trace" keeps those of every call`

func (c *trunkTraceCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDB(ctx, func(db commandStore) error {
		asked := url.Values{"call": {c.Of}}
		_, call := addressbook.ParseSID(c.Of)
		if !call {
			if _, err := trunk.New(db, trunk.Keys{}, clock.System).Trunk(ctx, c.Of); err != nil {
				return err
			}
			asked = url.Values{"trunk": {c.Of}}
		}
		calls, err := askForTraces(ctx, db, asked)
		switch {
		case err != nil:
			return err
		case call && len(calls) == 0:
			return errors.New("no server has the messages of this call: " + noTraces)
		case c.JSON && call:
			return printJSON(std.out, calls[0])
		case c.JSON:
			return printJSON(std.out, calls)
		case call:
			return printTrace(std.out, &calls[0])
		case len(calls) == 0:
			_, err := fmt.Fprintln(std.err, "callbook: no server has messages of calls over this trunk: "+noTraces)
			return err
		}
		return listTraces(std, calls)
	})
}

// askForTraces asks the servers on a database for calls, the last one first. It signs with
// the secret of an account: whoever has the database may see the messages of all.
func askForTraces(ctx context.Context, db commandStore, q url.Values) (calls []trunk.Trace, err error) {
	accounts := account.NewDirectory(db, clock.System)
	all, err := accounts.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	urls, err := session.NewKeeper(db, clock.System).Servers(ctx)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	urls = slices.DeleteFunc(urls, func(url string) bool { // of one that was killed, and its successor
		twice := seen[url]
		seen[url] = true
		return twice
	})
	if len(urls) == 0 || len(all) == 0 {
		return nil, errors.New("no server with a dashboard runs on this database, and only a running one has the messages of its calls")
	}
	signer, err := link.New(accounts, clock.System).Of(ctx, all[0])
	if err != nil {
		return nil, err
	}
	answered, overTrunks := false, false
	for _, server := range urls[:min(len(urls), probes)] {
		request := signer.Command()
		request.Set("account", all[0].SID)
		for name, values := range q {
			request[name] = values
		}
		told, failed := askServerForTraces(ctx, server+"/trunks/traces?"+request.Encode())
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", server, failed))
			continue
		}
		answered, overTrunks = true, overTrunks || told.Real
		calls = append(calls, told.Calls...)
	}
	switch {
	case !answered:
		return nil, fmt.Errorf("no server tells what it keeps: %w", err)
	case !overTrunks:
		return nil, errors.New("the telephone of the server is simulated, so there are no messages: it calls over trunks when it is started with one, and without --carrier simulator")
	}
	slices.SortStableFunc(calls, func(a, b trunk.Trace) int { return b.Ended.Compare(a.Ended) })
	return calls, nil
}

func askServerForTraces(ctx context.Context, address string) (told trunk.Traces, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return told, fmt.Errorf("make a request: %w", err)
	}
	const timeout = 10 * time.Second
	// As in askServer, the certificate may be the server's own.
	client := &http.Client{Timeout: timeout, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the address has a signature
		}
		return told, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return told, fmt.Errorf("it answers %s", res.Status)
	}
	const most = 16 << 20
	if err := json.NewDecoder(io.LimitReader(res.Body, most)).Decode(&told); err != nil {
		return told, fmt.Errorf("read the answer: %w", err)
	}
	return told, nil
}

func listTraces(std streams, calls []trunk.Trace) error {
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CALL\tENDED\tNUMBER\tOUTCOME\tSIP\tCAUSE\tREASON")
	for i := range calls {
		t := &calls[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Call, date(t.Ended), t.Number, t.Outcome, numberOrDash(t.Code), numberOrDash(t.Cause), oneLine(dash(t.CauseText)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(std.err, `callbook: "callbook trunk trace CALL" shows the messages of a call`)
	return err
}

// numberOrDash returns a number for a cell of a table; 0 is unknown.
func numberOrDash(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// printTrace prints the messages of a call as "trunk test" does.
func printTrace(w io.Writer, t *trunk.Trace) error {
	fmt.Fprintf(w, "Call %s to %s over %s, at %s\n", t.Call, t.Number, t.Trunk, date(t.Placed))
	begun := t.Placed
	if len(t.Messages) > 0 && t.Messages[0].At.Before(begun) {
		begun = t.Messages[0].At
	}
	for _, m := range t.Messages {
		printStep(w, m, begun)
	}
	advice := ""
	if t.Outcome == campaign.CallFailed.String() {
		advice = trunk.Advice(t.Code, t.Messages)
	}
	return printOutcome(w, cmp.Or(t.Outcome, "it was not placed"), t.Code, t.Cause, t.CauseText, advice)
}
