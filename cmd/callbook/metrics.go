package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"

	"callbook/internal/metrics"
)

// metricsFlags are the flags about metrics.
type metricsFlags struct {
	MetricsAddr string `name:"metrics-addr" placeholder:"HOST:PORT" help:"Serve metrics for Prometheus on this address, at /metrics, without TLS and without a key; port 0 takes a free one."`
	Pprof       bool   `name:"pprof" help:"Serve profiles of the server at /debug/pprof/ on --metrics-addr, to whoever can reach it."`
}

// Validate is called by the command that embeds these flags.
func (f *metricsFlags) Validate() error {
	switch {
	case f.MetricsAddr != "":
		return checkAddr("--metrics-addr", f.MetricsAddr)
	case f.Pprof:
		return errors.New("--pprof needs an address of its own: add --metrics-addr 127.0.0.1:9090")
	}
	return nil
}

// serveMetrics serves the metrics until stop is called, if the flags ask for that.
func (f *metricsFlags) serveMetrics(ctx context.Context, m *metrics.Metrics, out io.Writer, log *slog.Logger) (stop func(), err error) {
	if f.MetricsAddr == "" {
		return func() {}, nil
	}
	ln, err := listen("--metrics-addr", f.MetricsAddr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := ln.Addr().(*net.TCPAddr); ok && f.Pprof && !tcp.IP.IsLoopback() {
		log.Warn("profiles can be read from beyond this machine without a key: they tell how the server works and slow it down while they are taken", "addr", ln.Addr().String())
	}
	// The metrics go on while the server stops.
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() {
		if err := metrics.Serve(serving, ln, m.Handler(f.Pprof), log); err != nil {
			log.Error("metrics are not served any more", "error", err)
		}
	})
	fmt.Fprintf(out, "Metrics are at http://%s/metrics\n", browsable(ln.Addr()))
	return func() {
		cancel()
		done.Wait()
	}, nil
}
