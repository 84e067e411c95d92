package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	"callbook/internal/phone"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// roleVariable, in the environment, makes this program one of the processes that sip
// measures.
const roleVariable = "CALLBOOK_BENCH_ROLE"

// role is what such a process does: a caller places so many calls a second to the trunk,
// callees answer them, and sockets send packets to others. The process says its addresses,
// begins when it is told to, and answers each further line with its [tally], until its
// input ends.
type role struct {
	Kind           string
	Trunk          netip.AddrPort
	Rate           float64
	Lasts          time.Duration // how long a call plays; callees of calls that play nothing have no sound
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
		err = r.run(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run plays the role.
func (r role) run(in io.Reader, out io.Writer) error {
	lines, says := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	var hello []netip.AddrPort
	var begin func(others []netip.AddrPort)
	var count func() tally
	var err error
	switch r.Kind {
	case "caller":
		begin, count, err = r.caller()
	case "callees":
		hello, err = r.callees()
	default:
		hello, begin, count, err = r.sockets()
	}
	if err != nil {
		return err
	}
	if err := says.Encode(hello); err != nil {
		return err
	}
	for first := true; ; first = false {
		var others []netip.AddrPort
		if err := lines.Decode(&others); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if first {
			go begin(others)
			continue
		}
		now := count()
		now.Goroutines = runtime.NumGoroutine()
		if err := says.Encode(now); err != nil {
			return err
		}
	}
}

// The processes have addresses of their own, so that none takes the port of another.
var callerAddr, calleeAddr, socketAddr = netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("127.0.0.4")

// allTrunks lists the trunk to the callees.
type allTrunks []trunk.Trunk

func (t allTrunks) List(context.Context) ([]trunk.Trunk, error) { return t, nil }

// caller has a carrier with a trunk to the callees.
func (r role) caller() (begin func([]netip.AddrPort), count func() tally, err error) {
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
	go c.Run(context.Background(), func(p carrier.Progress) {
		if p.State == campaign.CallEnded {
			ended.Add(1)
			if p.Outcome != campaign.Reached {
				failed.Add(1)
				why.Store(p.CauseText)
			}
		}
	})
	prompt := siptest.Tone(int(r.Lasts * 8000 / time.Second))
	flow := callflow.Greeting("Hello")
	if r.Lasts == 0 {
		flow = &callflow.Flow{Start: "end", Steps: map[string]callflow.Step{"end": {Kind: callflow.HangUp}}}
	}
	var made contacts
	begin = func([]netip.AddrPort) {
		start := time.Now()
		for n := 0; ; n++ {
			time.Sleep(time.Until(start.Add(time.Duration(float64(n) / r.Rate * float64(time.Second)))))
			of := made.contact()
			o := carrier.Order{
				Call: of.sid, To: phone.Number(of.number), CallerID: "+918047112233", Attempt: 1, Flow: flow,
				Sound: func(context.Context, callflow.Sound) ([]int16, error) { return prompt, nil },
			}
			begun.Add(1)
			if err := c.Place(context.Background(), o); err != nil {
				ended.Add(1)
				failed.Add(1)
				why.Store(err.Error())
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
const noSound = "v=0\r\no=- 1 1 IN IP4 127.0.0.3\r\ns=-\r\nc=IN IP4 127.0.0.3\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"

// callees answer all calls, and send silence.
func (r role) callees() ([]netip.AddrPort, error) {
	engine, err := media.Open(media.Options{First: 10_000, Last: 65_000, Bind: calleeAddr})
	if err != nil {
		return nil, err
	}
	go engine.Run(context.Background())
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(calleeAddr, 0)))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	go func() {
		open := make(map[string]*media.Session)
		buf := make([]byte, 65_535)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			m, err := siptest.Read(bufio.NewReader(bytes.NewReader(buf[:n])))
			if err != nil || m.Method() == "" || m.Method() == "ACK" {
				continue
			}
			status, sdp, id := 200, "", m.Get("Call-ID")
			switch {
			case m.Method() == "BYE" && open[id] != nil:
				open[id].Close()
				delete(open, id)
			case m.Method() == "INVITE" && r.Lasts == 0:
				sdp = noSound
			case m.Method() == "INVITE":
				if open[id] == nil {
					if open[id], err = engine.NewSession(media.Settings{}); err != nil {
						delete(open, id)
						status = 503
						break
					}
				}
				answer, err := open[id].Reoffer([]byte(m.Body))
				if sdp = string(answer); err != nil {
					status = 488
				}
			}
			_, _ = conn.WriteToUDPAddrPort(m.Answer(status, "callee", fmt.Sprintf("sip:callee@%v", at), nil, sdp), from)
		}
	}()
	return []netip.AddrPort{at}, nil
}

// sockets send a packet each to others' every 20 ms, and read what comes.
func (r role) sockets() (hello []netip.AddrPort, begin func([]netip.AddrPort), count func() tally, err error) {
	conns := make([]*net.UDPConn, r.Sockets)
	for i := range conns {
		if conns[i], err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(socketAddr, 0))); err != nil {
			return nil, nil, nil, err
		}
		hello = append(hello, conns[i].LocalAddr().(*net.UDPAddr).AddrPort())
		go func() {
			for buf := make([]byte, 1500); ; {
				if _, _, err := conns[i].ReadFromUDPAddrPort(buf); err != nil {
					return
				}
			}
		}()
	}
	var sent, late atomic.Uint64
	begin = func(others []netip.AddrPort) {
		packet := make([]byte, r.Bytes)
		for due := time.Now(); ; due = due.Add(rtpEvery) {
			time.Sleep(time.Until(due))
			for i, conn := range conns {
				if time.Since(due) > rtpEvery {
					late.Add(1)
				}
				_, _ = conn.WriteToUDPAddrPort(packet, others[i])
				sent.Add(1)
			}
		}
	}
	return hello, begin, func() tally {
		return tally{Calls: uint64(r.Sockets), Sent: sent.Load(), Late: late.Load()}
	}, nil
}
