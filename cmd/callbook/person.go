package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"callbook/internal/account"
	"callbook/internal/app"
	"callbook/internal/clock"
	"callbook/internal/metrics"
	"callbook/internal/session"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
)

type personCmd struct {
	Export personExportCmd `cmd:"" help:"Print everything that is stored about a number, as JSON."`
	Erase  personEraseCmd  `cmd:"" help:"Erase everything that is stored about a number, for good, and print a receipt."`
}

// personFlags are the flags of the commands about a person.
type personFlags struct {
	database
	Account string `required:"" placeholder:"SID" help:"The account that has the number."`
	Number  string `arg:"" help:"The number, as +919876543210 or in the spelling of the account's country."`
}

type personExportCmd struct{ personFlags }

type personEraseCmd struct{ personFlags }

func (c *personExportCmd) Run(ctx context.Context, std streams) error {
	return c.run(ctx, std, http.MethodGet, "/contacts/export", app.ExportPerson)
}

func (c *personEraseCmd) Run(ctx context.Context, std streams) error {
	return c.run(ctx, std, http.MethodDelete, "/contacts", app.ErasePerson)
}

// run does the work in the database itself, or asks the server that has it open.
func (c *personFlags) run(ctx context.Context, std streams, method, path string, direct func(context.Context, app.Config, string, string) ([]byte, error)) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	answer, err := direct(ctx, app.Config{DB: c.DB, Clock: clock.System, Log: log, Metrics: metrics.New(version())}, c.Account, c.Number)
	if errors.Is(err, sqlite.ErrInUse) && !postgres.IsURL(c.DB) {
		answer, err = c.ask(ctx, method, path)
	}
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, answer, "", "  "); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	_, err = fmt.Fprintln(std.out, text.String())
	return err
}

// ask asks the server that has the database open, with a key that is deleted afterwards.
func (c *personFlags) ask(ctx context.Context, method, path string) (answer []byte, err error) {
	err = c.withDB(ctx, func(db commandStore) error {
		urls, err := session.NewKeeper(db, clock.System).Servers(ctx)
		if err != nil {
			return err
		}
		server, note := runningServer(ctx, urls)
		if note != "" {
			return fmt.Errorf("a server has the database open, and does not answer at %s from here: send it %s %s?number= with a key", server, method, path)
		}
		keys := account.NewDirectory(db, clock.System)
		key, token, drop, err := keys.KeyForCommand(ctx, c.Account, userID())
		if err != nil {
			return err
		}
		answer, err = askServer(ctx, method, server+"/v2/accounts/"+url.PathEscape(c.Account)+path+"?"+url.Values{"number": {c.Number}}.Encode(), key, token)
		return errors.Join(err, drop(context.WithoutCancel(ctx)))
	})
	return answer, err
}

// askServer returns the data of the API's answer.
func askServer(ctx context.Context, method, address, key, token string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	r.SetBasicAuth(key, token)
	// The address is that of the database's own server, which may have made its
	// certificate itself.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the address has the number
		}
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	var answer struct {
		Response struct {
			Data      json.RawMessage `json:"data"`
			ErrorData struct {
				Description string `json:"description"`
			} `json:"error_data"`
		} `json:"response"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("read the server's answer, of status %d: %w", res.StatusCode, err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, errors.New(answer.Response.ErrorData.Description)
	}
	return answer.Response.Data, nil
}
