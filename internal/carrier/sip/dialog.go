package sip

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/addressbook"
	"callbook/internal/carrier"
	"callbook/internal/trunk"
)

// Dialog is what it takes to send a request of a call: the state of a dialog (RFC 3261,
// section 12). It is stored as JSON, so that another process can end the call.
type Dialog struct {
	Trunk     string          `json:"trunk"`
	Transport trunk.Transport `json:"transport"`
	// Domain is what the certificate of the next hop has to be for, with TLS. Old records
	// have none.
	Domain string `json:"domain,omitempty"`
	// Symmetric means that the peer is behind NAT, so that the address it writes into
	// messages may be wrong.
	Symmetric bool `json:"symmetric,omitempty"`
	// CallID, From and To are the values of these headers; To has no tag before the answer.
	CallID string `json:"call_id"`
	From   string `json:"from"`
	To     string `json:"to"`
	// Target is the URI that requests go to: first that of the number, later the Contact
	// of the answer. Dest is the host and port of the next hop.
	Target string `json:"target"`
	Dest   string `json:"dest"`
	// Routes are the values of the Route headers, in their order.
	Routes []string `json:"routes,omitempty"`
	CSeq   uint32   `json:"cseq"` // of the last request, or of the first INVITE before the answer
	SentBy string   `json:"sent_by"`
	// Branch begins the Via branch of the INVITEs. The INVITE with number CSeq+n has
	// "-n" behind it, so that a CANCEL for each can be made from this record.
	Branch   string `json:"branch"`
	Answered bool   `json:"answered"`
	// End is the end of the call, if the process that placed it has stopped since.
	End *carrier.Progress `json:"end,omitempty"`
}

// maxInvites is how many INVITEs a call sends to one host: without credentials, with them,
// with those of a newer nonce, and with a longer session interval.
const maxInvites = 4

// callIDOf returns the Call-ID of a call.
func callIDOf(sid addressbook.SID) string { return sid.String() + "@callbook" }

// sidOf returns the call to which a message belongs.
func sidOf(m gosip.Message) (addressbook.SID, bool) {
	id, ok := strings.CutSuffix(m.CallID().Value(), "@callbook")
	if !ok {
		return addressbook.SID{}, false
	}
	return addressbook.ParseSID(id)
}

// newTag returns a new tag or the variable part of a branch.
func newTag() string { return rand.Text()[:16] }

// newBranch returns the Via branch of a new transaction (RFC 3261, section 8.1.1.7).
func newBranch() string { return "z9hG4bK" + newTag() }

// parseDialog parses a stored record.
func parseDialog(record []byte) (Dialog, error) {
	var d Dialog
	if err := json.Unmarshal(record, &d); err != nil || d.CallID == "" || d.Target == "" || d.Dest == "" || d.Branch == "" {
		return d, errors.New("the record of the call cannot be read")
	}
	return d, nil
}

// encode returns the record to store.
func (d *Dialog) encode() []byte {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // a struct of strings and numbers
	}
	return b
}

// contact returns the value of the Contact header.
func (d *Dialog) contact() string {
	if d.Transport == trunk.UDP {
		return "<sip:callbook@" + d.SentBy + ">"
	}
	return "<sip:callbook@" + d.SentBy + ";transport=" + string(d.Transport) + ">"
}

// fork returns the dialog of an answer 2xx to the INVITE.
func (d *Dialog) fork(res *gosip.Response, cseq uint32) Dialog {
	f := *d
	f.To, f.CSeq, f.Answered, f.Routes = res.To().Value(), cseq, true, nil
	if contact := res.Contact(); contact != nil && !contact.Address.Wildcard {
		f.Target = contact.Address.String()
	}
	for route := range fields(res, "Record-Route") {
		f.Routes = append(f.Routes, route)
	}
	slices.Reverse(f.Routes)
	if d.Transport == trunk.TLS {
		return f // only the hosts of the trunk have its certificate
	}
	switch {
	case len(f.Routes) > 0:
		var uri gosip.Uri
		if _, err := gosip.ParseAddressValue(f.Routes[0], &uri, nil); err == nil {
			f.Dest = hostPort(&uri)
		}
	case d.Symmetric || res.Contact() == nil || d.Transport != trunk.UDP:
		if src := res.Source(); src != "" && d.Transport == trunk.UDP {
			f.Dest = src
		}
	default:
		f.Dest = hostPort(&res.Contact().Address)
	}
	return f
}

// path returns the URI of a request, and the values of its Route headers (RFC 3261, section
// 12.2.1.1). A next hop without the parameter lr knows only the routing of RFC 2543: it
// expects its own URI in the place of the target, and the target behind the other routes.
func (d *Dialog) path() (uri string, routes []string) {
	if len(d.Routes) == 0 {
		return d.Target, nil
	}
	var hop gosip.Uri
	_, err := gosip.ParseAddressValue(d.Routes[0], &hop, nil)
	if err != nil || slices.ContainsFunc(hop.UriParams, func(p gosip.HeaderKV) bool { return strings.EqualFold(p.K, "lr") }) {
		return d.Target, d.Routes
	}
	hop.Headers = nil // a URI of a request has none
	return hop.String(), append(slices.Clone(d.Routes[1:]), "<"+d.Target+">")
}

// hostPort returns where to send the requests for a URI.
func hostPort(uri *gosip.Uri) string {
	port := uri.Port
	if port == 0 {
		port = 5060
	}
	return net.JoinHostPort(strings.Trim(uri.Host, "[]"), strconv.Itoa(port))
}

// hop returns the address of the next hop, or a zero one if that is a name.
func (d *Dialog) hop() netip.Addr {
	p, err := netip.ParseAddrPort(d.Dest)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap()
}

// tag returns the tag parameter of a From or To header, or "".
func tag(params gosip.HeaderParams) string {
	t, _ := params.Get("tag")
	return t
}
