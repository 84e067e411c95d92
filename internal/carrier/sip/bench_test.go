package sip_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"strconv"
	"testing"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/trunk"
)

// BenchmarkCall places one call after the other that ends as soon as it is answered. The
// callee allocates nothing, so the allocations are those of the carrier, media included, and
// the same on a busy machine.
func BenchmarkCall(b *testing.B) {
	callee, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		b.Fatal(err)
	}
	go answerAll(callee)
	defer callee.Close()
	engine, err := media.Open(media.Options{First: 10_000, Last: 65_000, Bind: loopback})
	if err != nil {
		b.Fatal(err)
	}
	at := callee.LocalAddr().(*net.UDPAddr)
	c, err := sip.New(sip.Options{
		Addr: netip.AddrPortFrom(loopback, 0), Media: engine, Dialogs: &sip.Memory{},
		Trunks: trunks{{Name: "callee", Host: at.IP.String(), Port: at.Port, Transport: trunk.UDP, Format: trunk.Plus}},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended, done := make(chan campaign.Outcome, 1), make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx, func(p carrier.Progress) {
			if p.State == campaign.CallEnded {
				ended <- p.Outcome
			}
		})
	}()
	defer func() {
		stop()
		<-done
	}()
	o := carrier.Order{To: 919876543210, CallerID: "+918047112233", Attempt: 1, Flow: &callflow.Flow{Start: "end", Steps: map[string]callflow.Step{"end": {Kind: callflow.HangUp}}}}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = rand.Read(o.Call[:])
		if err := c.Place(ctx, o); err != nil {
			b.Fatal(err)
		}
		if outcome := <-ended; outcome != campaign.Reached {
			b.Fatal(outcome)
		}
	}
}

// answerAll answers all requests that come to a socket with 200, until it is closed.
func answerAll(conn *net.UDPConn) {
	contact := []byte("Contact: <sip:callee@" + conn.LocalAddr().String() + ">\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE, INFO\r\nServer: callee\r\n")
	sdp := []byte("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n")
	in, out := make([]byte, 65_535), make([]byte, 0, 65_535)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(in)
		if err != nil {
			return
		}
		request := in[:n]
		if bytes.HasPrefix(request, []byte("ACK ")) {
			continue
		}
		out = append(out[:0], "SIP/2.0 200 OK\r\n"...)
		for line := range bytes.Lines(request) {
			switch name, _, _ := bytes.Cut(line, []byte(":")); string(name) {
			case "Via", "From", "Call-ID", "CSeq":
				out = append(out, line...)
			case "To":
				out = append(out, bytes.TrimRight(line, "\r\n")...)
				if !bytes.Contains(line, []byte(";tag=")) {
					out = append(out, ";tag=callee"...)
				}
				out = append(out, "\r\n"...)
			}
		}
		out = append(out, contact...)
		body := sdp
		if !bytes.HasPrefix(request, []byte("INVITE ")) {
			body = nil
		} else {
			out = append(out, "Content-Type: application/sdp\r\n"...)
		}
		out = strconv.AppendInt(append(out, "Content-Length: "...), int64(len(body)), 10)
		out = append(append(out, "\r\n\r\n"...), body...)
		_, _ = conn.WriteToUDPAddrPort(out, from)
	}
}
