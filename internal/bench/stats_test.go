package main

import (
	"strings"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for _, test := range []struct {
		all  []time.Duration
		p    int
		want time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7}, 50, 7},
		{[]time.Duration{7}, 99, 7},
		{[]time.Duration{3, 1, 2}, 50, 2},
		{[]time.Duration{4, 3, 2, 1}, 50, 2},
		{[]time.Duration{4, 3, 2, 1}, 99, 4},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
	} {
		if got := percentile(test.all, test.p); got != test.want {
			t.Errorf("percentile %d of %d durations is %d, want %d", test.p, len(test.all), got, test.want)
		}
	}
}

func TestNewResult(t *testing.T) {
	sc := scenario{name: "x", contacts: 10, concurrency: 2}
	var loads, floors total
	loads.add(load{latencies: []time.Duration{2e6, 3e6}, took: 4e6})
	loads.add(load{latencies: []time.Duration{4e6}, took: 2e6})
	loads.add(load{latencies: []time.Duration{3e9}, took: 3e9}) // the disk stood still
	floors.add(load{latencies: []time.Duration{2e6, 2e6}, took: 4e6})
	got := newResult(sc, loads, floors)
	want := result{
		Name: "x", ContactsEach: 10, Concurrency: 2, Requests: 4,
		ContactsPerSecond: 5000, P50: 3, P99: 3000,
		FloorRuns: 2, FloorPerSecond: 5000, FloorP50: 2, FloorP99: 2,
		P50ToFloor: 1.5, RateToFloor: 1,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if empty := newResult(sc, total{}, total{}); empty.P50ToFloor != 0 || empty.RateToFloor != 0 {
		t.Errorf("ratios of nothing are %v and %v, want 0", empty.P50ToFloor, empty.RateToFloor)
	}
}

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		target target
		want   string
	}{
		{target{Reached: 0.9, Must: 1.5, Aim: 1}, verdictAim},
		{target{Reached: 1.5, Must: 1.5, Aim: 1}, verdictPass},
		{target{Reached: 1.51, Must: 1.5, Aim: 1}, verdictMiss},
		{target{Reached: 8, Must: 5, Aim: 8, AtLeast: true}, verdictAim},
		{target{Reached: 7, Must: 5, Aim: 8, AtLeast: true}, verdictPass},
		{target{Reached: 4, Must: 5, Aim: 8, AtLeast: true}, verdictMiss},
		{target{Must: 5, Aim: 8, AtLeast: true}, verdictNone},
	} {
		if got := test.target.judge().Verdict; got != test.want {
			t.Errorf("%+v is judged %q, want %q", test.target, got, test.want)
		}
	}
}

func TestSuccesses(t *testing.T) {
	for answer, want := range map[string]int{
		`{"request_id":"x","metadata":{"failed":0,"total":5000,"success":5000},"response":[`: 5000,
		`{"metadata":{"success": 12,"failed":1}}`:                                            12,
		`{"metadata":{"success":"12"}}`:                                                      -1,
		`{"response":{}}`:                                                                    -1,
		``:                                                                                   -1,
		strings.Repeat(" ", metadataBytes) + `"success":3`:                                   -1,
	} {
		if got := successes([]byte(answer)); got != want {
			t.Errorf("successes of %.60q is %d, want %d", answer, got, want)
		}
	}
}

func TestFigures(t *testing.T) {
	for f, want := range map[float64]string{0: "-", 0.512: "0.51", 12.34: "12.3", 1234.5: "1,235"} {
		if got := figure(f); got != want {
			t.Errorf("%v is shown as %q, want %q", f, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is shown as %q, want %q", n, got, want)
		}
	}
}
