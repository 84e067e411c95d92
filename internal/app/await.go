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

// errNoDatabase is the answer to requests while the database is not open.
var errNoDatabase = store.Away(nil)

// Await answers requests on ln with 503 until [Open] succeeds, which has failed with the
// error away. It retries every second. It returns nil and no error if ctx ends. It does
// not close ln.
func Await(ctx context.Context, ln net.Listener, cfg Config, away error) (*App, error) {
	refusing, stop := context.WithCancel(ctx)
	defer stop()
	front := cfg.front()
	front.Refuse, front.Ready = errNoDatabase, func(context.Context) error { return errNoDatabase }
	if cfg.Dashboard {
		front.Dashboard = web.New(web.Config{BaseURL: cfg.BaseURL, Clock: cfg.Clock}) // for its error page
	}
	served := make(chan error, 1)
	go func() { served <- server.New(front).Serve(refusing, reusableListener{ln}) }()

	a, err := retryOpen(ctx, cfg, away)
	stop()
	if serveErr := <-served; serveErr != nil && err == nil {
		err = serveErr
	}
	if err == nil && a != nil {
		err = reusableListener{ln}.back()
	}
	if err != nil && a != nil {
		err = errors.Join(err, a.Close())
		a = nil
	}
	return a, err
}

// retryOpen opens the database as soon as that accepts writes.
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

// MayPass reports whether [Open] may succeed later after it has failed with err. For a
// SQLite file it never does.
func (cfg Config) MayPass(err error) bool { return postgres.IsURL(cfg.DB) && postgres.MayPass(err) }

// reusableListener is a listener that a server cannot close. The next server reuses it,
// so that no client is refused in between.
type reusableListener struct{ net.Listener }

// Close interrupts Accept and keeps the listener open.
func (l reusableListener) Close() error { return l.Listener.(*net.TCPListener).SetDeadline(time.Now()) }

// back lets the listener accept again.
func (l reusableListener) back() error { return l.Listener.(*net.TCPListener).SetDeadline(time.Time{}) }
