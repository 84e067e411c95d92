package session

import (
	"context"
	"crypto/rand"
)

// maxServers bounds the servers that are stored. Those that were killed stay until as many
// have started after them.
const maxServers = 64

// Serving stores that a server with a dashboard runs, so that links into it can be made
// beside it. URL is where browsers reach it. The server calls stopped when it ends.
func (k *Keeper) Serving(ctx context.Context, url string) (stopped func(context.Context) error, err error) {
	s := Server{ID: rand.Text(), URL: url, Started: k.clock.Now()}
	if err := k.store.AddServer(ctx, s, maxServers); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return k.store.RemoveServer(ctx, s.ID) }, nil
}

// Servers returns where the servers with a dashboard are reached that run on the database,
// the one that started last first. A server that was killed may be among them.
func (k *Keeper) Servers(ctx context.Context) (urls []string, err error) {
	all, err := k.store.Servers(ctx)
	for _, s := range all {
		urls = append(urls, s.URL)
	}
	return urls, err
}
