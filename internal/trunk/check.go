package trunk

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"callbook/internal/fault"
	"callbook/internal/phone"
)

// The fields of a trunk that faults name.
const (
	FieldName         fault.Field = "name"
	FieldAddress      fault.Field = "address"
	FieldUser         fault.Field = "user"
	FieldPassword     fault.Field = "password"
	FieldCallerIDs    fault.Field = "caller_ids"
	FieldPrefixes     fault.Field = "prefixes"
	FieldFormat       fault.Field = "format"
	FieldCallsASecond fault.Field = "calls_a_second"
	FieldChannels     fault.Field = "channels"
	FieldCodecs       fault.Field = "codecs"
	FieldOutcomes     fault.Field = "outcomes"
	FieldRank         fault.Field = "rank"
)

// The limits of a trunk.
const (
	MaxCallerIDs    = 100
	MaxPrefixes     = 100
	MaxOutcomes     = 100
	MaxCallsASecond = 1000
	MaxChannels     = 10_000
	MaxRank         = 1000
	MaxPassword     = 255 // bytes; the bound of User too

	DefaultCallsASecond = 5
	DefaultChannels     = 30
)

var (
	namePattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	prefixPattern = regexp.MustCompile(`^\+[1-9][0-9]{0,14}$`)
)

// outcomeWords are the words that a row of Outcomes may have.
var outcomeWords = []string{"busy", "no-answer", "failed", "invalid"}

// Defaults returns a trunk without an address that has the default of everything else.
func Defaults(name string) *Trunk {
	return &Trunk{
		Name: name, Transport: UDP, Format: Plus, CallsASecond: DefaultCallsASecond, Channels: DefaultChannels,
		Codecs: []Codec{PCMA, PCMU},
	}
}

// Check returns a fault that says what is wrong with the trunk and what to do about it.
func (t *Trunk) Check() error {
	if err := CheckName(t.Name); err != nil {
		return err
	}
	if err := checkHost(t.Host); err != nil {
		return err
	}
	switch {
	case t.Port < 0 || t.Port > 65535:
		return invalid(FieldAddress, "the port is %d; a port is a number from 1 to 65535", t.Port)
	case !slices.Contains([]Transport{UDP, TCP, TLS}, t.Transport):
		return invalid(FieldAddress, "the transport is %q; it must be udp, tcp or tls", t.Transport)
	case t.Rank < 0 || t.Rank > MaxRank:
		return invalid(FieldRank, "the rank is %d; it must be from 0 to %d, and the trunk with the lowest one is taken first", t.Rank, MaxRank)
	case !slices.Contains([]Format{Plus, Bare, National}, t.Format):
		return invalid(FieldFormat, "the format is %q; it must be plus (+919876543210), bare (919876543210) or national (09876543210)", t.Format)
	case t.CallsASecond < 1 || t.CallsASecond > MaxCallsASecond:
		return invalid(FieldCallsASecond, "the calls a second are %d; they must be from 1 to %d", t.CallsASecond, MaxCallsASecond)
	case t.Channels < 1 || t.Channels > MaxChannels:
		return invalid(FieldChannels, "the channels are %d; they must be from 1 to %d", t.Channels, MaxChannels)
	case t.Register && t.User == "":
		return invalid(FieldUser, "a trunk that callbook registers with needs a user: give the user and the password")
	}
	for _, check := range []func() error{t.checkLogin, t.checkNumbers, t.checkCodecs, t.checkOutcomes} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// CheckName returns a fault unless a trunk may have this name.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return invalid(FieldName, "a trunk's name has 1 to 64 letters, digits, '-' and '_', and begins with a letter or digit, as exotel-mumbai")
	}
	return nil
}

func (t *Trunk) checkLogin() error {
	switch {
	case len(t.User) > MaxPassword || !printable(t.User) || strings.ContainsAny(t.User, "\"\\<>@ "):
		return invalid(FieldUser, "the user has a character that no user of SIP can have, or over %d bytes; give the part before the @ alone", MaxPassword)
	case len(t.Password) > MaxPassword || !printable(t.Password):
		return invalid(FieldPassword, "the password has a control character, or over %d bytes", MaxPassword)
	case (t.Password != "" || t.HasPassword) && t.User == "":
		return invalid(FieldUser, "there is a password and no user: give both, or neither")
	}
	return nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func (t *Trunk) checkNumbers() error {
	if len(t.CallerIDs) > MaxCallerIDs {
		return invalid(FieldCallerIDs, "a trunk has at most %d caller ids", MaxCallerIDs)
	}
	if len(t.Prefixes) > MaxPrefixes {
		return invalid(FieldPrefixes, "a trunk has at most %d prefixes", MaxPrefixes)
	}
	for i, id := range t.CallerIDs {
		if _, err := phone.ParseE164(id); err != nil {
			return invalid(FieldCallerIDs, "the caller id %q is no telephone number with a country code; write it as +918047112233", id)
		}
		if slices.Contains(t.CallerIDs[:i], id) {
			return invalid(FieldCallerIDs, "the caller id %s is given twice", id)
		}
	}
	for i, p := range t.Prefixes {
		if !prefixPattern.MatchString(p) {
			return invalid(FieldPrefixes, "the prefix %q does not begin a number; write it with a plus and the country code, as +91", p)
		}
		if slices.Contains(t.Prefixes[:i], p) {
			return invalid(FieldPrefixes, "the prefix %s is given twice", p)
		}
	}
	return nil
}

func (t *Trunk) checkCodecs() error {
	if len(t.Codecs) == 0 {
		return invalid(FieldCodecs, "a trunk needs a codec: pcma, pcmu or both")
	}
	for i, c := range t.Codecs {
		if c != PCMA && c != PCMU {
			return invalid(FieldCodecs, "the codec %q is not one that callbook knows; it must be pcma or pcmu", c)
		}
		if slices.Contains(t.Codecs[:i], c) {
			return invalid(FieldCodecs, "the codec %s is given twice", c)
		}
	}
	return nil
}

func (t *Trunk) checkOutcomes() error {
	if len(t.Outcomes) > MaxOutcomes {
		return invalid(FieldOutcomes, "a trunk has at most %d rows of outcomes", MaxOutcomes)
	}
	for i, row := range t.Outcomes {
		if err := row.check(); err != nil {
			return err
		}
		same := func(other OutcomeRow) bool { return other.Code == row.Code && other.Cause == row.Cause }
		if slices.ContainsFunc(t.Outcomes[:i], same) {
			return invalid(FieldOutcomes, "the outcome of %s is given twice", row)
		}
	}
	return nil
}

const outcomeForm = `write it as 480=busy, or with a cause of Q.850 as 480/18=no-answer or */17=busy`

func (r OutcomeRow) check() error {
	switch {
	case r.Code != 0 && (r.Code < 300 || r.Code > 699):
		return invalid(FieldOutcomes, "the outcome %s has a status that no failed call has: it must be from 300 to 699", r)
	case r.Cause < 0 || r.Cause > 127:
		return invalid(FieldOutcomes, "the outcome %s has a cause that Q.850 does not have: it must be from 1 to 127", r)
	case r.Code == 0 && r.Cause == 0:
		return invalid(FieldOutcomes, "the outcome %s has neither a status nor a cause; %s", r, outcomeForm)
	case !slices.Contains(outcomeWords, r.Outcome):
		return invalid(FieldOutcomes, "the outcome %s has a word that callbook does not know; the words are %s", r, strings.Join(outcomeWords, ", "))
	}
	return nil
}

// ParseOutcome reads a row as [OutcomeRow.String] writes it. The error is a fault.
func ParseOutcome(text string) (r OutcomeRow, err error) {
	answer, word, ok := strings.Cut(text, "=")
	status, cause, both := strings.Cut(answer, "/")
	r.Outcome = word
	if ok && status != "*" {
		r.Code, err = strconv.Atoi(status)
		ok = err == nil && strconv.Itoa(r.Code) == status && r.Code != 0
	}
	if ok && both {
		r.Cause, err = strconv.Atoi(cause)
		ok = err == nil && strconv.Itoa(r.Cause) == cause && r.Cause != 0
	}
	if !ok {
		return OutcomeRow{}, invalid(FieldOutcomes, "the outcome %q cannot be read; %s", text, outcomeForm)
	}
	return r, r.check()
}

// String returns the row as "480=busy", "480/18=no-answer" or "*/17=busy".
func (r OutcomeRow) String() string {
	text := "*"
	if r.Code != 0 {
		text = strconv.Itoa(r.Code)
	}
	if r.Cause != 0 {
		text += "/" + strconv.Itoa(r.Cause)
	}
	return text + "=" + r.Outcome
}
