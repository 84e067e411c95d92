package trunk

import (
	"cmp"
	"context"
	"slices"
	"time"
)

const (
	// ShareFor is how long a server may use its share of a trunk after it was given.
	ShareFor = 4 * time.Second
	// sharesRest is how long channels stay taken after the end of a share that its server has
	// not renewed. Meanwhile other servers end the calls that this server has left behind.
	sharesRest = 15 * time.Second
	// remaindersMove is how often the channels that cannot be divided go to other servers.
	remaindersMove = 10 * time.Second
)

// Shares divides the channels and the pace of trunks between the servers of a database. Its
// methods are safe for concurrent use.
type Shares interface {
	// ShareTrunks gives a server its shares of trunks, in the order of uses. A share holds
	// for [ShareFor] from the beginning of the call of ShareTrunks. The shares of a trunk
	// together never exceed its limits.
	ShareTrunks(ctx context.Context, server string, uses []Use) ([]Share, error)
	// LeaveTrunks gives up all shares of a server. The server must have no calls in flight.
	LeaveTrunks(ctx context.Context, server string) error
}

// Use is how much a server uses of a trunk.
type Use struct {
	Trunk                  string // the trunk's name
	Channels, CallsASecond int    // the limits of the trunk
	Busy                   int    // calls of the server in flight
	Limit                  Share  // the server's share until now
	Wants                  bool   // the server has had calls to place lately
}

// Share is a part of a trunk. Pace is how many calls may leave in 1,000 seconds.
type Share struct{ Channels, Pace int }

// Held is a server's share of a trunk, as a store keeps it.
type Held struct {
	Trunk, Server string
	Share
	Wants bool
	Until time.Time // when it has to be renewed
}

// Rest reports whether the share has ended for so long that no call uses its channels.
func (h *Held) Rest(now time.Time) bool { return !now.Before(h.Until.Add(sharesRest)) }

// Divide decides about the share of a server. All are the shares of the trunk that servers
// hold. It returns what to store for the server, and what the server may take from now on.
// The latter may be less: the server stops to use the difference first, and the next
// division gives it to others.
func Divide(all []Held, server string, u Use, now time.Time) (Held, Share) {
	free := Share{u.Channels, 1000 * u.CallsASecond}
	alive, wanting := []string{server}, []string(nil)
	if u.Wants {
		wanting = append(wanting, server)
	}
	for _, h := range all {
		if h.Server == server || h.Trunk != u.Trunk {
			continue
		}
		if !h.Rest(now) {
			free.Channels -= h.Channels
		}
		if now.Before(h.Until) {
			free.Pace -= h.Pace
			alive = append(alive, h.Server)
			if h.Wants {
				wanting = append(wanting, h.Server)
			}
		}
	}
	if len(wanting) == 0 {
		wanting = alive
	}
	fair := fairShare(wanting, server, u, now)
	// More calls cannot begin until the share has to be renewed. So a server that is killed
	// keeps few channels from others.
	fair.Channels = min(fair.Channels, u.Busy+u.CallsASecond*int(ShareFor/time.Second))
	held := Share{max(u.Busy, u.Limit.Channels), u.Limit.Pace} // in use, or about to be
	given := Share{max(held.Channels, min(fair.Channels, free.Channels)), max(held.Pace, min(fair.Pace, free.Pace))}
	takes := Share{min(fair.Channels, given.Channels), min(fair.Pace, given.Pace)}
	return Held{Trunk: u.Trunk, Server: server, Share: given, Wants: u.Wants, Until: now.Add(ShareFor)}, takes
}

// fairShare returns a server's part of a trunk, which servers divide equally. The channels
// that remain go to each in turn.
func fairShare(servers []string, server string, u Use, now time.Time) Share {
	slices.SortFunc(servers, cmp.Compare[string])
	at, n := slices.Index(servers, server), len(servers)
	if at < 0 {
		return Share{}
	}
	fair := Share{u.Channels / n, 1000 * u.CallsASecond / n}
	if turn := int(now.Unix() / int64(remaindersMove/time.Second) % int64(n)); (at+turn)%n < u.Channels%n {
		fair.Channels++
	}
	return fair
}
