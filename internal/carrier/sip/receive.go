package sip

import (
	"bytes"
	"fmt"

	gosip "github.com/emiago/sipgo/sip"
)

// filter drops the messages of strangers before they are parsed. It passes answers that come
// over UDP to their transactions, and other messages back to sipgo. It returns no error,
// because sipgo would stop reading the socket.
func (e *endpoint) filter(from gosip.TransportReadProps, data []byte) ([]byte, error) {
	addr := addrOf(from.RemoteAddr)
	if !e.known(addr) {
		return nil, nil
	}
	id := ""
	var answer *gosip.Response
	switch start, _, _ := bytes.Cut(data, lineEnd); {
	case from.Transport == "UDP" && bytes.HasPrefix(start, answerStart):
		if answer = e.readable(data); answer == nil {
			e.garbage(addr)
			return nil, nil
		}
		id = answer.CallID().Value()
	case from.Transport == "UDP" && len(start) > 0 && !bytes.HasSuffix(start, requestEnd): // an empty line keeps the way open
		e.garbage(addr)
		return nil, nil
	default:
		id = callIDIn(data)
	}
	e.observe.see(false, id, func() fmt.Stringer { return packet(data) })
	if answer != nil {
		answer.SetTransport("UDP")
		answer.SetSource(from.RemoteAddr.String())
		e.asking.receive(answer)
		return nil, nil // it need not be parsed again
	}
	return data, nil
}

// readable returns an answer, or nil if it cannot be read, or if it answers an INVITE, but
// none of this endpoint. In the transaction of an INVITE, a wrong final answer would hide
// the right one.
func (e *endpoint) readable(data []byte) *gosip.Response {
	m, err := gosip.ParseMessage(data)
	res, ok := m.(*gosip.Response)
	if err != nil || !ok || !whole(res) || res.CSeq().MethodName == gosip.INVITE && !e.mine(res) {
		return nil
	}
	return res
}

// These tell answers, requests and other messages apart.
var answerStart, requestEnd, lineEnd = []byte("SIP/2.0 "), []byte(" SIP/2.0"), []byte("\r\n")

// whole reports whether a message has the headers that every message needs. Sipgo also parses
// messages that lack them.
func whole(m gosip.Message) bool {
	return m.Via() != nil && m.From() != nil && m.To() != nil && m.CallID() != nil && m.CSeq() != nil
}

// guarded runs the handling of a message. A message that makes it panic is dropped, so
// that it breaks nothing else.
func guarded(handle func()) {
	defer func() { _ = recover() }()
	handle()
}
