package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// roleVariable, in the environment, makes this program one of the processes that sip
// measures.
const roleVariable = "CALLBOOK_BENCH_ROLE"

// role is what such a process does: a caller places calls over a trunk to callees, and
// sockets send packets to each other. The process says its address, begins when it gets a
// line, and answers each further line with its [tally], until its input ends.
type role struct {
	Kind           string
	Trunk          netip.AddrPort
	Rate           float64       // calls a second
	Most           int           // how many calls are placed at most
	Lasts          time.Duration // how long a call plays; callees of calls that play nothing have no sound
	Record         string        // a folder for the database of calls that are recorded, or ""
	Sockets, Bytes int
}

// tally is what such a process has counted.
type tally struct {
	Calls, Ended, Failed, Sent, Late uint64
	Goroutines                       int
	Why                              string // of a call that failed
}

// playRole plays a role, and ends the program.
func playRole(text string) {
	var r role
	err := json.Unmarshal([]byte(text), &r)
	if err == nil {
		err = r.run()
	}
	if err != nil {
		log.Fatal("bench: ", err)
	}
	os.Exit(0)
}

// run plays the role.
func (r role) run() (err error) {
	var at netip.AddrPort
	var begin func()
	var count func() tally
	switch r.Kind {
	case "caller":
		begin, count, err = r.caller()
	case "callees":
		at, err = r.callees()
	default:
		begin, count, err = r.sockets()
	}
	says := json.NewEncoder(os.Stdout)
	if err == nil {
		err = says.Encode(at)
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for first := true; lines.Scan(); first = false {
		if first {
			go begin()
			continue
		}
		now := count()
		now.Goroutines = runtime.NumGoroutine()
		if err := says.Encode(now); err != nil {
			return err
		}
	}
	return lines.Err()
}

// The processes have addresses of their own, so that none takes the port of another.
var callerAddr, calleeAddr, socketAddr = netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("127.0.0.4")

// socket opens a socket of a process.
func socket(at netip.Addr) (*net.UDPConn, netip.AddrPort, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	return conn, conn.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

// allTrunks lists the trunk to the callees.
type allTrunks []trunk.Trunk

func (t allTrunks) List(context.Context) ([]trunk.Trunk, error) { return t, nil }

// caller has a carrier with a trunk to the callees.
func (r role) caller() (begin func(), count func() tally, err error) {
	next, err := r.orders()
	if err != nil {
		return nil, nil, err
	}
	engine, err := media.Open(media.Options{First: 10_000, Last: 65_000, Bind: callerAddr})
	if err != nil {
		return nil, nil, err
	}
	c, err := sip.New(sip.Options{
		Addr: netip.AddrPortFrom(callerAddr, 0), Media: engine, Dialogs: &sip.Memory{},
		Trunks: allTrunks{{Name: "callees", Host: r.Trunk.Addr().String(), Port: int(r.Trunk.Port()), Transport: trunk.UDP, Format: trunk.Plus}},
	})
	if err != nil {
		return nil, nil, err
	}
	var begun, ended, failed atomic.Uint64
	var why atomic.Value
	end := func(reached bool, text string) {
		ended.Add(1)
		if !reached {
			failed.Add(1)
			why.Store(text)
		}
	}
	go c.Run(context.Background(), func(p carrier.Progress) {
		if p.State == campaign.CallEnded {
			end(p.Outcome == campaign.Reached, p.CauseText)
		}
	})
	prompt := siptest.Tone(int(r.Lasts * 8000 / time.Second))
	flow := callflow.Greeting("Hello")
	if r.Lasts == 0 {
		flow = &callflow.Flow{Start: "end", Steps: map[string]callflow.Step{"end": {Kind: callflow.HangUp}}}
	}
	begin = func() {
		start := time.Now()
		for n := range r.Most {
			time.Sleep(time.Until(start.Add(time.Duration(float64(n) / r.Rate * float64(time.Second)))))
			o := next(n)
			o.CallerID, o.Attempt, o.Flow = "+918047112233", 1, flow
			o.Sound = func(context.Context, callflow.Sound) ([]int16, error) { return prompt, nil }
			begun.Add(1)
			if err := c.Place(context.Background(), o); err != nil {
				end(false, err.Error())
			}
		}
	}
	return begin, func() tally {
		sent, over := engine.Stats(), ended.Load()
		t := tally{Calls: begun.Load() - over, Ended: over, Failed: failed.Load(), Sent: sent.Sent, Late: sent.Late}
		t.Why, _ = why.Load().(string)
		return t
	}, nil
}

// noSound is the answer of callees without sound.
var noSound = []byte("v=0\r\no=- 1 1 IN IP4 127.0.0.3\r\ns=-\r\nc=IN IP4 127.0.0.3\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n")

// callees answer all calls, and send silence.
func (r role) callees() (at netip.AddrPort, err error) {
	engine, err := media.Open(media.Options{First: 10_000, Last: 65_000, Bind: calleeAddr})
	if err != nil {
		return at, err
	}
	conn, at, err := socket(calleeAddr)
	if err != nil {
		return at, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	go engine.Run(context.Background())
	go func() {
		open := make(map[string]*media.Session)
		for buf := make([]byte, 65_535); ; {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			m, err := siptest.Read(bufio.NewReader(bytes.NewReader(buf[:n])))
			if err != nil || m.Method() == "" || m.Method() == "ACK" {
				continue
			}
			var sdp []byte
			status, id := 200, m.Get("Call-ID")
			switch s := open[id]; {
			case m.Method() == "BYE" && s != nil:
				s.Close()
				delete(open, id)
			case m.Method() == "INVITE" && r.Lasts == 0:
				sdp = noSound
			case m.Method() == "INVITE":
				if s == nil {
					s, err = engine.NewSession(media.Settings{})
				}
				if err == nil {
					open[id] = s
					sdp, err = s.Reoffer([]byte(m.Body))
				}
				if err != nil {
					status = 500
				}
			}
			_, _ = conn.WriteToUDPAddrPort(m.Answer(status, "callee", fmt.Sprintf("sip:callee@%v", at), nil, string(sdp)), from)
		}
	}()
	return at, nil
}

// sockets send a packet each every 20 ms, in pairs to each other, and read what comes.
func (r role) sockets() (begin func(), count func() tally, err error) {
	conns, at := make([]*net.UDPConn, r.Sockets), make([]netip.AddrPort, r.Sockets)
	for i := range conns {
		if conns[i], at[i], err = socket(socketAddr); err != nil {
			return nil, nil, err
		}
		go func() {
			for buf := make([]byte, 1500); ; {
				if _, _, err := conns[i].ReadFromUDPAddrPort(buf); err != nil {
					return
				}
			}
		}()
	}
	var sent, late atomic.Uint64
	begin = func() {
		packet := make([]byte, r.Bytes)
		for due := time.Now(); ; due = due.Add(rtpEvery) {
			time.Sleep(time.Until(due))
			for i, conn := range conns {
				if time.Since(due) > rtpEvery {
					late.Add(1)
				}
				_, _ = conn.WriteToUDPAddrPort(packet, at[i^1])
				sent.Add(1)
			}
		}
	}
	return begin, func() tally {
		return tally{Calls: uint64(r.Sockets), Sent: sent.Load(), Late: late.Load()}
	}, nil
}
