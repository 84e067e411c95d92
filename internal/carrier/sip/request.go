package sip

import (
	"errors"
	"net"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// message is what differs between the requests of a dialog.
type message struct {
	method string
	cseq   uint32
	branch string   // "" stands for a new one
	header []string // whole lines
	body   []byte   // SDP
}

// via returns the branch of the nth INVITE of the dialog, from 0 on.
func (d *Dialog) via(n uint32) string { return d.Branch + "-" + strconv.FormatUint(uint64(n), 10) }

// These headers are the same in all requests.
var (
	maxForwards = gosip.NewHeader("Max-Forwards", "70")
	allow       = gosip.NewHeader("Allow", allowed)
	supported   = gosip.NewHeader("Supported", "timer")
	userAgent   = gosip.NewHeader("User-Agent", "callbook")
	isSDP       = gosip.NewHeader("Content-Type", "application/sdp")
)

// request returns a request of the dialog. The library needs those headers in parts that
// tell transactions apart, and From, which is in the ACKs that it sends.
func (d *Dialog) request(m message) (*gosip.Request, error) {
	req := gosip.NewRequest(gosip.RequestMethod(m.method), gosip.Uri{})
	var from gosip.FromHeader
	_, err := gosip.ParseAddressValue(d.From, &from.Address, &from.Params)
	uri, routes := d.path()
	host, port, errHost := net.SplitHostPort(d.SentBy)
	number, errPort := strconv.Atoi(port)
	if errors.Join(err, errHost, errPort, gosip.ParseUri(oneLine.Replace(uri), &req.Recipient)) != nil {
		return nil, errors.New("the request is not well-formed")
	}
	if m.branch == "" {
		m.branch = newBranch()
	}
	callID := gosip.CallIDHeader(d.CallID)
	req.AppendHeader(&gosip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: gosip.NetworkToUpper(string(d.Transport)), Host: host, Port: number,
		Params: gosip.HeaderParams{{K: "branch", V: m.branch}, {K: "rport"}},
	})
	req.AppendHeader(maxForwards)
	for _, r := range routes {
		req.AppendHeader(gosip.NewHeader("Route", oneLine.Replace(r)))
	}
	req.AppendHeader(&from)
	req.AppendHeader(gosip.NewHeader("To", oneLine.Replace(d.To)))
	req.AppendHeader(&callID)
	req.AppendHeader(&gosip.CSeqHeader{SeqNo: m.cseq, MethodName: req.Method})
	if m.method == "INVITE" || m.method == "UPDATE" {
		req.AppendHeader(gosip.NewHeader("Contact", d.contact()))
		req.AppendHeader(allow)
		req.AppendHeader(supported)
	}
	req.AppendHeader(userAgent)
	for _, line := range m.header {
		name, value, _ := strings.Cut(line, ": ")
		req.AppendHeader(gosip.NewHeader(name, value))
	}
	if len(m.body) > 0 {
		req.AppendHeader(isSDP)
	}
	length := gosip.ContentLengthHeader(len(m.body))
	req.AppendHeader(&length) // or else SetBody looks for it under all names
	req.SetBody(m.body)
	return req, nil
}

// oneLine removes the ends of lines from a value that a peer has sent.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// allowed are the methods of requests that the endpoint answers.
const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO"
