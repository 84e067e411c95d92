package siptest

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// Message is a SIP message as it was read.
type Message struct {
	Start  string  // the first line
	Fields []Field // in their order
	Body   string

	from    *peer // whence it came
	Repeats bool  // whether the same transaction had sent it before
}

// Field is a line of the header.
type Field struct{ Name, Value string }

// compact has the short forms of names in RFC 3261.
var compact = map[string]string{
	"i": "Call-Id", "m": "Contact", "e": "Content-Encoding", "l": "Content-Length", "c": "Content-Type",
	"f": "From", "s": "Subject", "k": "Supported", "t": "To", "v": "Via", "x": "Session-Expires",
}

func canonical(name string) string {
	if long, ok := compact[strings.ToLower(name)]; ok {
		return long
	}
	return textproto.CanonicalMIMEHeaderKey(name)
}

// Read reads one message. Lines that are empty before it are keep-alives.
func Read(r *bufio.Reader) (*Message, error) {
	m := &Message{}
	for m.Start == "" {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		m.Start = strings.TrimRight(line, "\r\n")
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("read the header after %q: %w", m.Start, err)
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		m.Fields = append(m.Fields, Field{canonical(strings.TrimSpace(name)), strings.TrimSpace(value)})
	}
	length, err := strconv.Atoi(m.Get("Content-Length"))
	if err != nil || length < 0 || length > 1<<16 {
		return nil, fmt.Errorf("the length of %q is %q", m.Start, m.Get("Content-Length"))
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("read the body of %q: %w", m.Start, err)
	}
	m.Body = string(body)
	return m, nil
}

// Get returns the first value of a header field, or "".
func (m *Message) Get(name string) string {
	if all := m.All(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// All returns the values of a header field.
func (m *Message) All(name string) []string {
	var all []string
	for _, f := range m.Fields {
		if f.Name == canonical(name) {
			all = append(all, f.Value)
		}
	}
	return all
}

// Method returns the method of a request, or "" for a response.
func (m *Message) Method() string {
	if m.Status() != 0 {
		return ""
	}
	method, _, _ := strings.Cut(m.Start, " ")
	return method
}

// URI returns the URI of a request.
func (m *Message) URI() string {
	if words := strings.Fields(m.Start); len(words) == 3 {
		return words[1]
	}
	return ""
}

// Status returns the status of a response, or 0 for a request.
func (m *Message) Status() int {
	rest, ok := strings.CutPrefix(m.Start, "SIP/2.0 ")
	if !ok {
		return 0
	}
	code, _, _ := strings.Cut(rest, " ")
	status, _ := strconv.Atoi(code)
	return status
}

// CSeq returns the number of the CSeq.
func (m *Message) CSeq() int {
	number, _, _ := strings.Cut(m.Get("CSeq"), " ")
	n, _ := strconv.Atoi(number)
	return n
}

// FromTag and ToTag return the tags, or "".
func (m *Message) FromTag() string { return parameter(m.Get("From"), "tag") }

// ToTag: see FromTag.
func (m *Message) ToTag() string { return parameter(m.Get("To"), "tag") }

// Branch returns the branch of the topmost Via.
func (m *Message) Branch() string { return parameter(m.Get("Via"), "branch") }

// Contact returns the URI of the Contact.
func (m *Message) Contact() string { return bare(m.Get("Contact")) }

// transaction tells messages of the same transaction. The ACK of a 2xx has one of its
// own for each of the callees.
func (m *Message) transaction() string {
	method := m.Method()
	if method == "ACK" {
		method += m.ToTag()
	}
	return m.Branch() + " " + method
}

// parameter returns a parameter of a header field.
func parameter(value, name string) string {
	if i := strings.IndexByte(value, '>'); i >= 0 {
		value = value[i:]
	}
	for part := range strings.SplitSeq(value, ";") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(part), name+"="); ok {
			return v
		}
	}
	return ""
}

// bare returns the URI of an address such as `"Asha" <sip:asha@example.in>;tag=1`.
func bare(address string) string {
	if _, rest, ok := strings.Cut(address, "<"); ok {
		uri, _, _ := strings.Cut(rest, ">")
		return uri
	}
	uri, _, _ := strings.Cut(address, ";")
	return uri
}

// Answer returns the bytes of a response to the request. The tag is that of To, unless it
// has one; contact is the URI of the Contact.
func (m *Message) Answer(status int, tag, contact string, header []string, body string) []byte {
	var fields []Field
	for _, f := range m.Fields {
		switch f.Name {
		case "Via", "From", "Call-Id", "Cseq", "Record-Route":
			fields = append(fields, f)
		case "To":
			if status > 100 && !strings.Contains(f.Value, ";tag=") {
				f.Value += ";tag=" + tag
			}
			fields = append(fields, f)
		}
	}
	fields = append(fields, Field{"Contact", "<" + contact + ">"}, Field{"Allow", allowed})
	fields = append(fields, lines(header)...)
	reason := http.StatusText(status)
	if reason == "" {
		reason = "Whatever"
	}
	return format(fmt.Sprintf("SIP/2.0 %d %s", status, reason), fields, body)
}

// format writes a message.
func format(start string, fields []Field, body string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\r\n", start)
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
	}
	if body != "" && !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == "Content-Type" }) {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return []byte(b.String())
}

// lines reads lines of a header, such as "Retry-After: 5".
func lines(header []string) []Field {
	var fields []Field
	for _, line := range header {
		name, value, _ := strings.Cut(line, ":")
		fields = append(fields, Field{canonical(name), strings.TrimSpace(value)})
	}
	return fields
}

// From returns the address whence the message came.
func (m *Message) From() netip.AddrPort { return m.from.addr }
