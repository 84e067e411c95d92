package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"callbook/internal/clock"
	"callbook/internal/dashboard"
	"callbook/internal/fault"
	"callbook/internal/postgres"
	"callbook/internal/server"
)

// startAgainAfter is how long to wait before the database is tried again.
const startAgainAfter = time.Second

// errNoDatabase is what requests are answered until there is a database.
var errNoDatabase = &fault.Error{
	Kind:       fault.Unavailable,
	Detail:     "The store does not answer",
	RetryAfter: 5 * time.Second,
}

// awaitDatabase answers requests with 503 until the database, which is away for
// this reason, takes writes. Nil and no error tell that ctx has ended.
func (c *serveCmd) awaitDatabase(ctx context.Context, ln net.Listener, log *slog.Logger, away error) (*started, error) {
	refusing, stop := context.WithCancel(ctx)
	defer stop()
	config := server.Config{
		Refuse: errNoDatabase, Ready: func(context.Context) error { return errNoDatabase }, Log: log,
		Proxies: c.trusted, AllowOrigins: c.origins, BaseURL: c.BaseURL,
	}
	if c.Dashboard {
		config.Dashboard = dashboard.New(dashboard.Config{BaseURL: c.BaseURL, Clock: clock.System}) // for its page of errors
	}
	served := make(chan error, 1)
	go func() { served <- server.New(config).Serve(refusing, lent{ln}) }()

	db, err := c.startWhenThere(ctx, log, away)
	stop()
	if serveErr := <-served; serveErr != nil && err == nil {
		err = serveErr
	}
	if err == nil && db != nil {
		err = lent{ln}.back()
	}
	if err != nil && db != nil {
		err = errors.Join(err, db.Close())
		db = nil
	}
	return db, err
}

// startWhenThere starts on the database as soon as it takes writes.
func (c *serveCmd) startWhenThere(ctx context.Context, log *slog.Logger, away error) (*started, error) {
	said := ""
	again := time.NewTicker(startAgainAfter)
	defer again.Stop()
	for {
		if text := away.Error(); text != said {
			log.Warn("the database is not there yet; it is waited for, and requests get 503 until then", "error", text)
			said = text
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, nil
		}
		db, err := c.start(ctx, log)
		switch {
		case err == nil:
			log.Info("the database is there")
			return db, nil
		case ctx.Err() != nil:
			return nil, nil
		case !c.worthWaiting(err):
			return nil, err
		}
		away = err
	}
}

// worthWaiting tells whether a start that failed may go well later by itself. A
// file is there or is not.
func (c *serveCmd) worthWaiting(err error) bool { return postgres.IsURL(c.DB) && postgres.MayPass(err) }

// lent is a listener that is not closed by the one who serves it: the next one
// goes on with it, and meanwhile nobody is turned away.
type lent struct{ net.Listener }

// Close ends a call of Accept.
func (l lent) Close() error { return l.Listener.(*net.TCPListener).SetDeadline(time.Now()) }

// back makes the listener what it was.
func (l lent) back() error { return l.Listener.(*net.TCPListener).SetDeadline(time.Time{}) }
