package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"callbook/internal/store"
	"callbook/internal/trunk"
)

// Sources are asked for their values whenever the metrics are read. They must be safe for
// concurrent use, and must answer at once or when their context ends.
type Sources struct {
	// Requests returns how many requests are in flight.
	Requests func() int
	// Imports returns how many uploads this server imports, and how many of those wait
	// for their turn.
	Imports func() (all, waiting int)
	// Dialing returns how many campaigns are in progress on this server, and how many of
	// their calls are in flight.
	Dialing func() (campaigns, calls int)
	// Sound tells how well the sound of calls keeps pace.
	Sound func() trunk.Sound
	// Callbacks returns how many callbacks wait, of all servers.
	Callbacks func(context.Context) (int, error)
	// Sizes and Pool are those of [store.Set].
	Sizes func() (store.FileSizes, error)
	Pool  func() store.PoolUse
}

// Watch lets m read the sources from now on. Only the first call has an effect.
func (m *Metrics) Watch(s Sources) {
	m.watching.Do(func() {
		if s.Sizes != nil {
			m.registry.MustRegister(m.commits, m.group, m.checkpoints)
		}
		m.registry.MustRegister(watched(s))
	})
}

// watched is a collector of sources.
type watched Sources

// sourceTimeout bounds the time that the database may take for one reading.
const sourceTimeout = 2 * time.Second

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("callbook_"+name, help, labels, nil)
}

var (
	requestsInFlight = desc("http_requests_in_flight", "HTTP requests in flight, without probes.")
	imports          = desc("imports", "Uploads that this server imports, by whether they wait for their turn.", "state")
	campaignsRunning = desc("campaigns_in_progress", "Campaigns in progress for which this server places the calls.")
	callsInFlight    = desc("calls_in_flight", "Calls of campaigns in flight on this server.")
	soundSent        = desc("sound_packets_total", "Packets of sound that were sent to callees.")
	soundLate        = desc("sound_late_packets_total", "Packets of sound that left more than 20 ms late.")
	soundBehind      = desc("sound_behind", "1 while calls wait because the server cannot keep pace with the sound of those in progress, or else 0.")
	callbacksWaiting = desc("callbacks_waiting", "Callbacks that wait to be delivered, of all servers of the database.")
	databaseBytes    = desc("sqlite_database_bytes", "Size of the database file.")
	walBytes         = desc("sqlite_wal_bytes", "Size of the write-ahead log, the file beside the database with -wal at the end of its name.")
	poolConnections  = desc("postgres_pool_connections", "Connections to PostgreSQL, by state.", "state")
	poolMost         = desc("postgres_pool_max_connections", "How many connections to PostgreSQL this server may have.")
	poolAcquired     = desc("postgres_pool_acquires_total", "How often a connection to PostgreSQL was taken from the pool.")
	poolWaits        = desc("postgres_pool_waits_total", "How often the pool had no connection to PostgreSQL left, and somebody waited for one.")
	poolWaited       = desc("postgres_pool_wait_seconds_total", "How long was waited for connections to PostgreSQL in all.")
)

// Describe implements prometheus.Collector.
func (w watched) Describe(ch chan<- *prometheus.Desc) {
	descs := []*prometheus.Desc{requestsInFlight, imports, campaignsRunning, callsInFlight, soundSent, soundLate, soundBehind, callbacksWaiting}
	if w.Sizes != nil {
		descs = append(descs, databaseBytes, walBytes)
	}
	if w.Pool != nil {
		descs = append(descs, poolConnections, poolMost, poolAcquired, poolWaits, poolWaited)
	}
	for _, d := range descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector. It leaves out what cannot be read now.
func (w watched) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	counter := func(d *prometheus.Desc, value float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value)
	}
	gauge(requestsInFlight, int64(w.Requests()))
	all, waiting := w.Imports()
	gauge(imports, int64(all-waiting), "working")
	gauge(imports, int64(waiting), "waiting")
	campaigns, calls := w.Dialing()
	gauge(campaignsRunning, int64(campaigns))
	gauge(callsInFlight, int64(calls))
	sound, behind := w.Sound(), int64(0)
	if sound.Behind {
		behind = 1
	}
	counter(soundSent, float64(sound.Sent))
	counter(soundLate, float64(sound.Late))
	gauge(soundBehind, behind)
	ctx, cancel := context.WithTimeout(context.Background(), sourceTimeout)
	defer cancel()
	if n, err := w.Callbacks(ctx); err == nil {
		gauge(callbacksWaiting, int64(n))
	}
	if w.Sizes != nil {
		if sizes, err := w.Sizes(); err == nil {
			gauge(databaseBytes, sizes.Database)
			gauge(walBytes, sizes.WAL)
		}
	}
	if w.Pool != nil {
		use := w.Pool()
		gauge(poolConnections, use.Used, "used")
		gauge(poolConnections, use.Idle, "idle")
		gauge(poolConnections, use.Opening, "opening")
		gauge(poolMost, use.Most)
		counter(poolAcquired, float64(use.Acquired))
		counter(poolWaits, float64(use.Waits))
		counter(poolWaited, use.Waited.Seconds())
	}
}
