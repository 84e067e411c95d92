package session

import (
	"context"
	"crypto/rand"
)

// maxServers bounds the stored servers. A killed server stays until this many have
// started after it.
const maxServers = 64

// Serving stores that a server with a dashboard runs at url, so that commands on the same
// database can make links into it. The server must call stopped when it ends.
func (k *Keeper) Serving(ctx context.Context, url string) (stopped func(context.Context) error, err error) {
	s := Server{ID: rand.Text(), URL: url, Started: k.clock.Now()}
	if err := k.store.AddServer(ctx, s, maxServers); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return k.store.RemoveServer(ctx, s.ID) }, nil
}

// Servers returns the URLs of the servers with a dashboard that use the database, the
// most recently started first. A killed server may be among them.
func (k *Keeper) Servers(ctx context.Context) (urls []string, err error) {
	all, err := k.store.Servers(ctx)
	for _, s := range all {
		urls = append(urls, s.URL)
	}
	return urls, err
}
