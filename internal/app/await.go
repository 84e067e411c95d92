package app

import (
	"context"
	"errors"
	"net"
	"time"

	"callbook/internal/server"
	"callbook/internal/store"
	"callbook/internal/store/postgres"
	"callbook/internal/web"
)

// retryEvery is how often [Await] tries to open the database.
const retryEvery = time.Second

// errNoDatabase is what requests are answered until there is a database.
var errNoDatabase = store.Away(nil)

// Await answers requests on ln with 503 until [Open], which has failed for the
// reason away, succeeds. It tries again every second. Nil and no error tell that
// ctx has ended. It does not close ln.
func Await(ctx context.Context, ln net.Listener, cfg Config, away error) (*App, error) {
	refusing, stop := context.WithCancel(ctx)
	defer stop()
	front := cfg.front()
	front.Refuse, front.Ready = errNoDatabase, func(context.Context) error { return errNoDatabase }
	if cfg.Dashboard {
		front.Dashboard = web.New(web.Config{BaseURL: cfg.BaseURL, Clock: cfg.Clock}) // for its page of errors
	}
	served := make(chan error, 1)
	go func() { served <- server.New(front).Serve(refusing, lent{ln}) }()

	a, err := retryOpen(ctx, cfg, away)
	stop()
	if serveErr := <-served; serveErr != nil && err == nil {
		err = serveErr
	}
	if err == nil && a != nil {
		err = lent{ln}.back()
	}
	if err != nil && a != nil {
		err = errors.Join(err, a.Close())
		a = nil
	}
	return a, err
}

// retryOpen opens the database as soon as it takes writes.
func retryOpen(ctx context.Context, cfg Config, away error) (*App, error) {
	said := ""
	every := cfg.Clock.Tick(retryEvery)
	for {
		if text := away.Error(); text != said {
			cfg.Log.Warn("the database is not there yet; it is waited for, and requests get 503 until then", "error", text)
			said = text
		}
		select {
		case <-every:
		case <-ctx.Done():
			return nil, nil
		}
		a, err := Open(ctx, cfg)
		switch {
		case err == nil:
			cfg.Log.Info("the database is there")
			return a, nil
		case ctx.Err() != nil:
			return nil, nil
		case !cfg.MayPass(err):
			return nil, err
		}
		away = err
	}
}

// MayPass tells whether [Open], which has failed with err, may succeed later by
// itself. That of a file never does.
func (cfg Config) MayPass(err error) bool { return postgres.IsURL(cfg.DB) && postgres.MayPass(err) }

// lent is a listener that a server does not close, so that the next server goes on
// with it and no client is refused in between.
type lent struct{ net.Listener }

// Close ends a call of Accept, and leaves the listener open.
func (l lent) Close() error { return l.Listener.(*net.TCPListener).SetDeadline(time.Now()) }

// back makes the listener accept again.
func (l lent) back() error { return l.Listener.(*net.TCPListener).SetDeadline(time.Time{}) }
