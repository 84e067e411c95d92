// Package metrics measures a server for Prometheus. A [Metrics] has a registry of its
// own. The parts of the server call its methods when something has happened, and it asks
// [Sources] for what changes all the time. docs/metrics.md describes each metric.
//
// No label has a value that a client can choose, so the number of time series is bounded,
// and no metric tells a number, a name or an account.
package metrics

import (
	"cmp"
	"context"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/reqlog"
	"callbook/internal/upload"
)

// Metrics are the metrics of one server. They are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	contacts  *prometheus.CounterVec
	rows      *prometheus.CounterVec
	calls     *prometheus.CounterVec
	callbacks *prometheus.CounterVec
	limited   prometheus.Counter

	commits, group, checkpoints prometheus.Histogram // of SQLite; registered by Watch

	watching sync.Once
}

// New returns the metrics of a server with this version of callbook.
func New(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("http_requests_total", "Answered HTTP requests, by the pattern of their route and the status of the answer.", "route", "status"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "callbook_http_request_duration_seconds", Help: "Time from the header of an HTTP request to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
		contacts:  counters("contacts_total", "Contacts that requests and forms have written, by what became of them. Those of files are import rows.", "outcome"),
		rows:      counters("import_rows_total", "Rows of files that were imported, by what became of them.", "outcome"),
		calls:     counters("calls_total", "Calls of campaigns that have ended, by their outcome.", "outcome"),
		callbacks: counters("callback_requests_total", "Requests that delivered callbacks or failed to, by what became of the callback.", "outcome"),
		limited: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "callbook_http_requests_limited_total", Help: "HTTP requests that were refused because their account has sent as many in this minute as it may.",
		}),
		commits: histogram("sqlite_commit_duration_seconds", "Time of a commit of the writer, with its wait for the disk.",
			prometheus.ExponentialBuckets(.00025, 2, 14)),
		group:       histogram("sqlite_commit_jobs", "How many writes of requests and of work in the background share a commit.", prometheus.ExponentialBuckets(1, 2, 10)),
		checkpoints: histogram("sqlite_checkpoint_duration_seconds", "Time of a checkpoint, which copies the log into the database file.", prometheus.ExponentialBuckets(.0005, 2, 14)),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(version),
		m.requests, m.durations, m.limited, m.contacts, m.rows, m.calls, m.callbacks,
	)
	// A rate needs a first value, so counters begin at zero and not with their first event.
	begin(m.contacts, "created", "updated", "deleted", "duplicate", "failed")
	begin(m.rows, "success", "duplicate", "failed")
	begin(m.calls, callOutcomes[:]...)
	begin(m.callbacks, callbackOutcomes[:]...)
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "callbook_" + name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: "callbook_" + name, Help: help, Buckets: buckets})
}

func begin(c *prometheus.CounterVec, outcomes ...string) {
	for _, outcome := range outcomes {
		if outcome != "" {
			c.WithLabelValues(outcome)
		}
	}
}

// buildInfo returns a metric that is always 1 and has the version in its labels.
func buildInfo(version string) prometheus.Collector {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "callbook_build_info", Help: "Always 1; the labels tell the version of callbook and of Go.",
		ConstLabels: prometheus.Labels{"version": cmp.Or(version, "unknown"), "revision": cmp.Or(revision, "unknown"), "go_version": runtime.Version()},
	}, func() float64 { return 1 })
}

// Request counts a request. It is an observer of the server.
func (m *Metrics) Request(_ context.Context, rec *reqlog.Record) {
	route, status := cmp.Or(rec.Route, "none"), "none"
	if rec.Status != 0 {
		status = strconv.Itoa(rec.Status)
	}
	m.requests.WithLabelValues(route, status).Inc()
	m.durations.WithLabelValues(route).Observe(rec.Took.Seconds())
	if rec.Limited {
		m.limited.Inc()
	}
}

// Contacts counts contacts that were written.
func (m *Metrics) Contacts(n addressbook.Written) {
	add(m.contacts, "created", n.Created)
	add(m.contacts, "updated", n.Updated)
	add(m.contacts, "deleted", n.Deleted)
	add(m.contacts, "duplicate", n.Duplicate)
	add(m.contacts, "failed", n.Failed)
}

// Rows counts rows that were imported.
func (m *Metrics) Rows(n upload.Stats) {
	add(m.rows, "success", n.Success)
	add(m.rows, "duplicate", n.Duplicate)
	add(m.rows, "failed", n.Failed)
}

func add(c *prometheus.CounterVec, outcome string, n int) {
	if n > 0 {
		c.WithLabelValues(outcome).Add(float64(n))
	}
}

var callOutcomes = [...]string{
	campaign.Reached: "completed", campaign.Busy: "busy", campaign.NoAnswer: "no-answer",
	campaign.CallFailed: "failed", campaign.Unreachable: "unreachable", campaign.TrunkFailed: "trunk-failed",
}

// CallEnded counts a call.
func (m *Metrics) CallEnded(o campaign.Outcome) { m.calls.WithLabelValues(callOutcomes[o]).Inc() }

var callbackOutcomes = [...]string{event.Waiting: "retried", event.Delivered: "delivered", event.GivenUp: "given-up"}

// Callback counts a request of a callback, which has this state afterwards.
func (m *Metrics) Callback(s event.State) { m.callbacks.WithLabelValues(callbackOutcomes[s]).Inc() }

// Committed observes a commit of SQLite's writer with so many jobs.
func (m *Metrics) Committed(jobs int, took time.Duration) {
	m.commits.Observe(took.Seconds())
	m.group.Observe(float64(jobs))
}

// Checkpointed observes a checkpoint of SQLite.
func (m *Metrics) Checkpointed(took time.Duration) { m.checkpoints.Observe(took.Seconds()) }
