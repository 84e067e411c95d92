package event_test

import (
	"fmt"
	"testing"

	"callbook/internal/clock"
	"callbook/internal/event"
)

// BenchmarkDeliver sends 10,000 events to a fast receiver on this machine, which takes
// part of its processor time.
func BenchmarkDeliver(b *testing.B) {
	const all, batch = 10_000, 1000
	for b.Loop() {
		b.StopTimer()
		s := newBench(b)
		r := newReceiver(b, nil)
		for i := 0; i < all; i += batch {
			var events []event.Event
			for j := range batch {
				events = append(events, event.Event{
					Kind: event.CallSchedule, Position: i + j, URL: r.URL, Body: fmt.Appendf(nil, `{"position":%d,"text":"%0500d"}`, i+j, 0),
				})
			}
			s.add(events...)
		}
		b.StartTimer()
		stop := s.run(clock.System, true)
		s.until("all are delivered", 0, func() bool { return s.counts().Delivered == all })
		b.StopTimer()
		stop()
		b.StartTimer()
	}
	b.ReportMetric(all*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
