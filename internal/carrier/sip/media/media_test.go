package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// patience is how long a test waits for anything.
const patience = 2 * time.Minute

// newEngine returns an engine that runs until the test ends. Its sessions are lost after
// this much silence, or the usual one.
func newEngine(t testing.TB, lost ...time.Duration) *Engine {
	t.Helper()
	e, err := Open(Options{First: 20000, Last: 31999, Bind: loopback})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range lost {
		e.lostAfter = d
	}
	start(t, e)
	return e
}

func start(t testing.TB, e *Engine) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
}

func newSession(t testing.TB, e *Engine, settings Settings) *Session {
	t.Helper()
	s, err := e.NewSession(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// received is an RTP packet that a callee got.
type received struct {
	marker    bool
	kind      uint8
	seq       uint16
	timestamp uint32
	ssrc      [4]byte
	payload   []byte
	at        time.Time
}

// silent reports whether it has nothing but silence.
func (r *received) silent() bool {
	return !slices.ContainsFunc(r.payload, func(b byte) bool { return b != 0xFF && b != 0xD5 })
}

// callee is the other side of a call: a bare UDP socket without a library of RTP.
type callee struct {
	t    testing.TB
	conn *net.UDPConn
	to   netip.AddrPort // the session's address
	seq  uint16
	time uint32
	ssrc uint32

	mu  sync.Mutex
	got []received
	new chan struct{} // has room for one
}

func newCallee(t testing.TB) *callee {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	c := &callee{t: t, conn: conn, ssrc: rand.Uint32(), new: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() { defer close(done); c.read() }()
	t.Cleanup(func() { conn.Close(); <-done })
	return c
}

func (c *callee) port() int { return c.conn.LocalAddr().(*net.UDPAddr).Port }

func (c *callee) read() {
	var buf [2000]byte
	for {
		n, _, err := c.conn.ReadFromUDPAddrPort(buf[:])
		if err != nil {
			return
		}
		c.mu.Lock()
		c.got = append(c.got, received{
			marker: buf[1]&0x80 != 0, kind: buf[1] & 0x7f, seq: binary.BigEndian.Uint16(buf[2:]),
			timestamp: binary.BigEndian.Uint32(buf[4:]), ssrc: [4]byte(buf[8:12]), payload: slices.Clone(buf[12:n]), at: time.Now(),
		})
		c.mu.Unlock()
		select {
		case c.new <- struct{}{}:
		default:
		}
	}
}

// until waits until what the callee got fulfils a condition, and returns it.
func (c *callee) until(what string, enough func([]received) bool) []received {
	c.t.Helper()
	timeout := time.After(patience)
	for {
		c.mu.Lock()
		got := slices.Clone(c.got)
		c.mu.Unlock()
		if enough(got) {
			return got
		}
		select {
		case <-c.new:
		case <-timeout:
			c.t.Fatalf("the callee waited in vain for %s; it got %d packets", what, len(got))
		}
	}
}

// sdp returns a description of the callee's side.
func (c *callee) sdp(addr string, port int, formats string, attributes ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP %s\r\n", addr, port, formats)
	for _, a := range attributes {
		fmt.Fprintf(&b, "a=%s\r\n", a)
	}
	return []byte(b.String())
}

// answer takes an offer, and returns an answer with the callee's address.
func (c *callee) answer(offer []byte, attributes ...string) []byte {
	c.to = addressOf(c.t, offer)
	return c.sdp("127.0.0.1", c.port(), "8 101", append([]string{"rtpmap:101 telephone-event/8000"}, attributes...)...)
}

// addressOf returns where the side of a description receives.
func addressOf(t testing.TB, sdp []byte) netip.AddrPort {
	t.Helper()
	_, rest, _ := strings.Cut(string(sdp), "m=audio ")
	number, _, _ := strings.Cut(rest, " ")
	port, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("no port in\n%s", sdp)
	}
	return netip.AddrPortFrom(loopback, uint16(port))
}

// packet returns the bytes of an RTP packet, and counts.
func (c *callee) packet(kind uint8, marker bool, timestamp uint32, payload []byte) []byte {
	b := make([]byte, 12, 12+len(payload))
	b[0], b[1] = 0x80, kind
	if marker {
		b[1] |= 0x80
	}
	c.seq++
	binary.BigEndian.PutUint16(b[2:], c.seq)
	binary.BigEndian.PutUint32(b[4:], timestamp)
	binary.BigEndian.PutUint32(b[8:], c.ssrc)
	return append(b, payload...)
}

func (c *callee) send(packet []byte) {
	c.t.Helper()
	if _, err := c.conn.WriteToUDPAddrPort(packet, c.to); err != nil {
		c.t.Error(err)
	}
}

// speak sends 20 ms of a sound.
func (c *callee) speak(b byte) {
	c.time += frameSamples
	c.send(c.packet(8, false, c.time, bytes.Repeat([]byte{b}, frameSamples)))
}

// expectKeys waits for exactly these keys.
func expectKeys(t testing.TB, s *Session, want string) {
	t.Helper()
	for i, w := range []byte(want) {
		select {
		case key := <-s.Keys():
			if key != w {
				t.Fatalf("key %d is %q, want the keys %q", i, key, want)
			}
		case <-time.After(patience):
			t.Fatalf("key %d of %q did not come", i, want)
		}
	}
}

// tone returns frames of samples that are never silent.
func tone(frames int) []int16 {
	samples := make([]int16, frames*frameSamples)
	for i := range samples {
		samples[i] = int16(4000 + 8000*(i%2))
	}
	return samples
}

// loudFrames counts the packets with sound.
func loudFrames(got []received) (n int) {
	for _, r := range got {
		if !r.silent() {
			n++
		}
	}
	return n
}

func TestCall(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	s := newSession(t, e, Settings{})
	c := newCallee(t)
	if err := s.Answer(c.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	c.until("silence", func(got []received) bool { return len(got) >= 2 })
	if err := s.Play(t.Context(), tone(20)[:19*frameSamples+1]); err != nil {
		t.Fatal(err)
	}
	got := c.until("silence after the sound", func(got []received) bool {
		return loudFrames(got) == 20 && got[len(got)-1].silent()
	})
	for i, r := range got {
		if r.kind != 8 || len(r.payload) != frameSamples {
			t.Fatalf("packet %d has type %d and %d bytes", i, r.kind, len(r.payload))
		}
		if i == 0 {
			if !r.marker {
				t.Error("the first packet has no marker")
			}
			continue
		}
		last := got[i-1]
		if r.seq != last.seq+1 {
			t.Errorf("packet %d has number %d after %d", i, r.seq, last.seq)
		}
		if step := r.timestamp - last.timestamp; step != frameSamples && !r.marker {
			t.Errorf("packet %d is %d samples after the one before", i, step)
		}
		if begins := last.silent() && !r.silent(); begins && !r.marker {
			t.Errorf("packet %d begins a sound and has no marker", i)
		}
	}
	s.Close()
	if err := s.Play(t.Context(), tone(1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Play on a session that is closed: %v", err)
	}
}

func TestPlayEndsWithContext(t *testing.T) {
	t.Parallel()
	s := newSession(t, newEngine(t), Settings{})
	c := newCallee(t)
	if err := s.Answer(c.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c.until("sound", func(got []received) bool { return loudFrames(got) > 2 })
		cancel()
	}()
	if err := s.Play(ctx, tone(500)); !errors.Is(err, context.Canceled) {
		t.Errorf("Play: %v", err)
	}
	c.until("silence", func(got []received) bool { return got[len(got)-1].silent() })
}
