package trunk

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sharer is a server in [TestShares].
type sharer struct {
	name   string
	limit  Share
	until  time.Time // when the limit lapses
	busy   int       // calls as the server counts them
	real   int       // calls at the trunk
	wants  bool
	paused bool
	last   time.Time // when its share in the table lapses
}

// TestShares lets servers begin and end calls, renew their shares, stand still and die, in
// any order. Their calls are never more than the channels, nor their paces together more
// than that of the trunk.
func TestShares(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_800_000_000, 0)
		channels, pace := rapid.IntRange(1, 6).Draw(t, "channels"), rapid.IntRange(1, 5).Draw(t, "pace")
		table := make(map[string]Held)
		servers, born := map[string]*sharer{}, 0
		start := func() {
			born++
			name := fmt.Sprint(born)
			servers[name] = &sharer{name: name, wants: true}
		}
		start()
		start()
		names := func() []string { return slices.Sorted(maps.Keys(servers)) }
		pick := func() *sharer {
			if len(servers) == 0 {
				t.Skip("there is no server")
			}
			return servers[rapid.SampledFrom(names()).Draw(t, "server")]
		}
		awake := func() *sharer {
			s := pick()
			if s.paused {
				t.Skip("it stands still")
			}
			return s
		}
		// gone ends the calls of servers that have not come for long: others take them over.
		gone := func() {
			for name, s := range servers {
				if !now.Before(s.last.Add(sharesRest)) {
					s.real = 0
				}
				if s.name == "" && s.real == 0 {
					delete(servers, name)
				}
			}
		}
		limit := func(s *sharer) Share {
			if now.Before(s.until) {
				return s.limit
			}
			return Share{}
		}
		renew := func(s *sharer) {
			var all []Held
			for _, h := range table {
				all = append(all, h)
			}
			held, takes := Divide(all, s.name, Use{Trunk: "one", Channels: channels, CallsASecond: pace, Busy: s.busy, Limit: limit(s), Wants: s.wants}, now)
			table[s.name], s.last = held, held.Until
			if rapid.IntRange(0, 9).Draw(t, "lost") > 0 { // or else the answer is lost
				s.limit, s.until = takes, now.Add(ShareFor-time.Second)
			}
			for name, h := range table {
				if h.Rest(now) {
					delete(table, name)
				}
			}
		}
		call := func(s *sharer) {
			s.wants = true
			for n := rapid.IntRange(1, channels).Draw(t, "calls"); n > 0; n-- {
				if l := limit(s); l.Pace > 0 && s.busy < l.Channels {
					s.busy++
					s.real++
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"start": func(t *rapid.T) {
				if len(servers) > 2 {
					t.Skip("there are enough")
				}
				start()
			},
			"renew": func(*rapid.T) { renew(awake()) },
			"all renew and call": func(*rapid.T) {
				for _, name := range names() {
					if s := servers[name]; !s.paused {
						renew(s)
						call(s)
					}
				}
			},
			"call": func(*rapid.T) { call(awake()) },
			"end": func(*rapid.T) {
				if s := awake(); s.busy > 0 {
					s.busy--
					s.real = max(0, s.real-1)
				}
			},
			"rest":  func(*rapid.T) { awake().wants = false },
			"pause": func(*rapid.T) { awake().paused = true },
			"go on": func(t *rapid.T) {
				s := pick()
				if s.name == "" {
					t.Skip("it is dead")
				}
				s.paused = false
			},
			"die": func(*rapid.T) {
				s := awake()
				s.paused, s.name = true, ""
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.SampledFrom([]int{100, 1000, 3000, 5000, 20_000}).Draw(t, "ms")) * time.Millisecond)
				gone()
			},
			"": func(t *rapid.T) {
				calls, paces := 0, 0
				for _, s := range servers {
					calls += s.real
					paces += limit(s).Pace
				}
				if calls > channels || paces > 1000*pace {
					t.Fatalf("%d calls over %d channels, and a pace of %d of %d", calls, channels, paces, 1000*pace)
				}
			},
		})
	})
}

// TestDivide: servers that have calls to place divide a trunk, and one that is alone has all
// of it.
func TestDivide(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	var table []Held
	use := map[string]*Use{}
	renew := func(server string, wants bool) Share {
		u := use[server]
		if u == nil {
			u = &Use{Trunk: "one", Channels: 31, CallsASecond: 10}
			use[server] = u
		}
		u.Wants = wants
		held, takes := Divide(table, server, *u, now)
		table = append(slices.DeleteFunc(table, func(h Held) bool { return h.Server == server }), held)
		u.Limit = takes
		return takes
	}
	check := func(why string, got, want Share) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %+v, want %+v", why, got, want)
		}
	}
	check("alone", renew("a", true), Share{31, 10_000})
	use["a"].Busy = 20
	check("another one comes", renew("b", true), Share{})
	half, other := renew("a", true), Share{31, 10_000}
	other.Channels, other.Pace = 31-half.Channels, 5_000
	check("one gives half", Share{half.Channels / 15, half.Pace}, Share{1, 5_000})
	check("it has not stopped to use that yet", renew("b", true), Share{})
	renew("a", true)
	check("but for its calls", renew("b", true), Share{31 - 20, 5_000})
	use["a"].Busy = 0
	renew("a", true)
	check("and at last", renew("b", true), other)
	renew("a", false)
	renew("a", false)
	check("one has no more to call", renew("b", true), Share{31, 10_000})
	now = now.Add(ShareFor)
	check("one is gone", renew("c", true), Share{0, 10_000})
	now = now.Add(sharesRest)
	check("for long", renew("c", true), Share{31, 10_000})
}
