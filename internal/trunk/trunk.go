// Package trunk manages SIP trunks: the connections over which campaigns call real
// telephones. Trunks belong to the whole installation and not to an account.
package trunk

import (
	"fmt"
	"log/slog"
	"time"
)

// Transport is how SIP messages travel to a trunk.
type Transport string

// The transports.
const (
	UDP Transport = "udp"
	TCP Transport = "tcp"
	TLS Transport = "tls"
)

// Format is how a trunk expects numbers to be written.
type Format string

// The formats, with the same number in each.
const (
	Plus     Format = "plus"     // +919876543210
	Bare     Format = "bare"     // 919876543210
	National Format = "national" // 09876543210
)

// Codec is how speech is encoded on the way.
type Codec string

// The codecs, both of RFC 3551.
const (
	PCMA Codec = "pcma" // A-law
	PCMU Codec = "pcmu" // µ-law
)

// Trunk is a connection to a telephone company or a PBX.
type Trunk struct {
	Name string // unique
	// Rank orders the trunks: the one with the lowest rank whose Prefixes fit and that is
	// up gets a call.
	Rank int
	// Host is a domain or an IP address. Port is 0 if the domain's SRV records, or else
	// the transport's default port, decide.
	Host      string
	Port      int
	Transport Transport
	// User and Password answer digest challenges; both may be "". Only [Trunks.List] sets
	// Password; HasPassword tells everywhere whether there is one.
	User        string
	Password    string `json:"-"`
	HasPassword bool   `json:"-"`
	// Locked says why Password cannot be decrypted, and is "" otherwise. Only
	// [Trunks.List] sets it.
	Locked string `json:"-"`
	// CallerIDs are the numbers that may be shown, as "+918047112233". Calls of campaigns
	// with another caller id do not leave over this trunk, unless CallerIDs is empty.
	CallerIDs []string
	// Prefixes are those that a number must begin with, such as "+91". None means all.
	Prefixes     []string
	Format       Format
	CallsASecond int // bounds new calls
	Channels     int // bounds calls at the same time
	Register     bool
	Codecs       []Codec // in order of preference
	// SRTP demands encrypted media, with keys by SDES (RFC 4568).
	SRTP bool
	// Symmetric allows media from another address than the one in the SDP, as trunks
	// behind NAT send it.
	Symmetric bool
	// Outcomes replaces rows of the carrier's map of outcomes.
	Outcomes         []OutcomeRow
	Created, Updated time.Time
}

// String returns the name and the address. No text of a trunk shows its password.
func (t Trunk) String() string { return fmt.Sprintf("%s (%s)", t.Name, t.Address()) }

// GoString implements [fmt.GoStringer].
func (t Trunk) GoString() string { return t.String() }

// LogValue implements [slog.LogValuer].
func (t Trunk) LogValue() slog.Value { return slog.StringValue(t.String()) }

// CodecNames returns the names of Codecs, in their order.
func (t *Trunk) CodecNames() []string {
	names := make([]string, len(t.Codecs))
	for i, c := range t.Codecs {
		names[i] = string(c)
	}
	return names
}

// OutcomeTexts returns Outcomes as [ParseOutcome] reads them.
func (t *Trunk) OutcomeTexts() []string {
	texts := make([]string, len(t.Outcomes))
	for i, row := range t.Outcomes {
		texts[i] = row.String()
	}
	return texts
}

// OutcomeRow says what a failed call counts as on a trunk.
type OutcomeRow struct {
	Code    int    // the status of SIP, such as 480, or 0 for any
	Cause   int    // of Q.850, or 0 for any
	Outcome string // the word of a call's outcome, such as "busy"
}
