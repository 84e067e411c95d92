package siptest

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Frame is 20 ms of sound, in samples and in bytes of G.711.
const Frame = 160

// Media is the callee's end of the sound: it sends and records RTP.
type Media struct {
	line *Line
	conn *net.UDPConn
	got  *list[Packet]

	mu        sync.Mutex
	remote    remote
	seq       uint16
	timestamp uint32
}

// Packet is a packet of RTP that came.
type Packet struct {
	At        time.Time
	From      netip.AddrPort
	Type      int
	Marker    bool
	Seq       uint16
	Timestamp uint32
	SSRC      uint32
	Payload   []byte
}

func newMedia(l *Line) *Media {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.callee.Addr.Addr(), 0)))
	if err != nil {
		panic(err) // the kernel has no port left
	}
	m := &Media{line: l, conn: conn, got: newList[Packet](), timestamp: 1000}
	l.work.Go(m.read)
	l.work.Go(func() { <-l.over.Done(); conn.Close() })
	return m
}

// Addr returns where the callee wants the sound.
func (m *Media) Addr() netip.AddrPort { return m.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// Remote returns where the caller wants the sound.
func (m *Media) Remote() netip.AddrPort {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.remote.addr
}

// Codec returns the payload type of the first codec that the caller offers.
func (m *Media) Codec() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.remote.codecs) == 0 {
		return 8
	}
	return m.remote.codecs[0]
}

func (m *Media) learn(sdp string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remote = parseSDP(sdp)
}

func (m *Media) read() {
	buf := make([]byte, 1500)
	for {
		n, from, err := m.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if n < 12 || buf[0]>>6 != 2 {
			continue
		}
		m.got.add(Packet{
			At: time.Now(), From: from, Type: int(buf[1] & 0x7f), Marker: buf[1]&0x80 != 0, Seq: binary.BigEndian.Uint16(buf[2:]),
			Timestamp: binary.BigEndian.Uint32(buf[4:]), SSRC: binary.BigEndian.Uint32(buf[8:]), Payload: append([]byte(nil), buf[12:n]...),
		})
	}
}

// Packets returns what came so far, in the order in which it came.
func (m *Media) Packets() []Packet {
	all, _ := m.got.now()
	return all
}

// Await waits until pick says that enough came. It reports whether it did within
// [Patience].
func (m *Media) Await(pick func([]Packet) bool) bool {
	_, ok := await(m.got, m.line.over.Done(), func(all []Packet) (struct{}, bool) { return struct{}{}, pick(all) })
	return ok
}

// AwaitFrames waits until so many packets came.
func (m *Media) AwaitFrames(n int) bool {
	return m.Await(func(all []Packet) bool { return len(all) >= n })
}

// AwaitSound waits until so many packets came that are not silent.
func (m *Media) AwaitSound(n int) bool {
	return m.Await(func(all []Packet) bool {
		loud := 0
		for _, p := range all {
			if p.loud() {
				loud++
			}
		}
		return loud >= n
	})
}

// loud reports whether a packet is of speech, and not silent.
func (p *Packet) loud() bool {
	return (p.Type == 0 || p.Type == 8) && slices.ContainsFunc(Decode(p.Type, p.Payload), func(s int16) bool { return abs(int(s)) > 1000 })
}

// Heard decodes the speech that came.
func (m *Media) Heard() []int16 {
	var samples []int16
	for _, p := range m.Packets() {
		if p.Type == 0 || p.Type == 8 {
			samples = append(samples, Decode(p.Type, p.Payload)...)
		}
	}
	return samples
}

// Send sends a packet to the caller's address, with the next sequence number and the
// RTP timestamp of now.
func (m *Media) Send(payloadType int, marker bool, timestamp uint32, payload []byte) {
	m.mu.Lock()
	m.seq++
	packet, to := RTP(payloadType, marker, m.seq, timestamp, 0xca11ee, payload), m.remote.addr
	m.mu.Unlock()
	_, _ = m.conn.WriteToUDPAddrPort(packet, to)
}

// RTP returns the bytes of a packet.
func RTP(payloadType int, marker bool, seq uint16, timestamp, ssrc uint32, payload []byte) []byte {
	b := make([]byte, 12, 12+len(payload))
	b[0], b[1] = 0x80, byte(payloadType)
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], timestamp)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	return append(b, payload...)
}

// Speak sends samples as they are spoken, 20 ms at a time. It returns early when the test
// ends.
func (m *Media) Speak(samples []int16) {
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for marker := true; len(samples) >= Frame; marker = false {
		m.Send(m.Codec(), marker, m.clock(Frame), Encode(m.Codec(), samples[:Frame]))
		samples = samples[Frame:]
		select {
		case <-pace.C:
		case <-m.line.over.Done():
			return
		}
	}
}

// clock moves the RTP clock on by samples, and returns what it was.
func (m *Media) clock(samples uint32) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.timestamp
	m.timestamp += samples
	return t
}
