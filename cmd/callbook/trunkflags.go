package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"

	"callbook/internal/trunk"
)

// trunkFlags are the flags for what a trunk has. A flag that is nil or "" changes nothing.
type trunkFlags struct {
	Address      *string  `env:"-" placeholder:"URI" help:"Where the trunk is, as 'sip:trunk.example.com:5060;transport=udp'; the transport is udp, tcp or tls, and sips: means tls. A domain without a port is looked up as SRV, with its hosts in their order."`
	User         *string  `env:"-" placeholder:"NAME" help:"The user name that the trunk asks for. An empty one takes user and password back."`
	PasswordFile string   `env:"-" placeholder:"FILE" help:"File with the password; - reads it from the standard input. It is stored encrypted, and nothing shows it again."`
	CallerID     []string `env:"-" placeholder:"NUMBER" help:"A number that calls over this trunk may show, as +918047112233; give it once for each, or \"none\". Campaigns with another caller id do not leave over this trunk. Without it, any may."`
	Prefix       []string `env:"-" placeholder:"PREFIX" help:"How numbers begin that this trunk calls, as +91; give it once for each, or \"none\". Without it, the trunk calls all numbers."`
	Format       *string  `env:"-" placeholder:"FORMAT" help:"How the trunk wants numbers: plus is +919876543210, bare is 919876543210, national is 09876543210 (plus)."`
	CallsASecond *int     `env:"-" name:"calls-a-second" placeholder:"N" help:"How many calls a second are begun at most, 1 to 1000 (5)."`
	Channels     *int     `env:"-" placeholder:"N" help:"How many calls there are at the same time at most, 1 to 10000 (30)."`
	Codec        []string `env:"-" placeholder:"CODEC" help:"pcma or pcmu; give it once for each, the preferred one first (pcma,pcmu)."`
	SRTP         *bool    `env:"-" name:"srtp" negatable:"" help:"Demand encrypted sound, with keys in the SIP messages (SDES); take the transport tls with it, or the keys can be read on the way."`
	Symmetric    *bool    `env:"-" negatable:"" help:"Take sound from another address than the one that the trunk names, as trunks behind NAT send it."`
	Register     *bool    `env:"-" negatable:"" help:"Register with the trunk, as PBXs and some companies demand."`
	Rank         *int     `env:"-" placeholder:"N" help:"The trunk with the lowest rank that fits and is up gets a call (0)."`
	Outcome      []string `env:"-" sep:"," placeholder:"CODE=WORD" help:"What a failed call counts as on this trunk: busy, no-answer, failed or invalid, by the SIP status as 480=busy, or with a cause of Q.850 as 480/18=no-answer or */17=busy; give it once for each, or \"none\"."`
}

// apply changes a trunk as the flags say, except for its password.
func (f *trunkFlags) apply(t *trunk.Trunk) error {
	if f.Address != nil {
		if err := t.SetAddress(*f.Address); err != nil {
			return fmt.Errorf("--address: %w", err)
		}
	}
	set(&t.User, f.User)
	set(&t.CallsASecond, f.CallsASecond)
	set(&t.Channels, f.Channels)
	set(&t.Rank, f.Rank)
	set(&t.SRTP, f.SRTP)
	set(&t.Symmetric, f.Symmetric)
	set(&t.Register, f.Register)
	if f.Format != nil {
		t.Format = trunk.Format(*f.Format)
	}
	setList(&t.CallerIDs, f.CallerID)
	setList(&t.Prefixes, f.Prefix)
	if f.Codec != nil {
		t.Codecs = nil
		for _, codec := range f.Codec {
			t.Codecs = append(t.Codecs, trunk.Codec(strings.ToLower(codec)))
		}
	}
	if f.Outcome != nil {
		var rows []string
		setList(&rows, f.Outcome)
		t.Outcomes = nil
		for _, text := range rows {
			row, err := trunk.ParseOutcome(text)
			if err != nil {
				return fmt.Errorf("--outcome: %w", err)
			}
			t.Outcomes = append(t.Outcomes, row)
		}
	}
	return nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// setList sets a list unless from is nil. The word "none" alone is the empty list.
func setList(to *[]string, from []string) {
	switch {
	case len(from) == 1 && from[0] == "none":
		*to = nil
	case from != nil:
		*to = from
	}
}

// password reads the password, or returns "" if no flag names one.
func (f *trunkFlags) password() (string, error) {
	if f.PasswordFile == "" {
		return "", nil
	}
	from := io.Reader(os.Stdin)
	if f.PasswordFile != "-" {
		file, err := os.Open(f.PasswordFile)
		if failed, ok := errors.AsType[*fs.PathError](err); ok {
			return "", fmt.Errorf("--password-file: %s: %w", failed.Path, failed.Err) // without the advice for databases
		}
		if err != nil {
			return "", fmt.Errorf("--password-file: %w", err)
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, 2*trunk.MaxPassword+2))
	if err != nil {
		return "", fmt.Errorf("--password-file: %w", err)
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if len(text) == 0 {
		return "", errors.New("--password-file: the file is empty; it must have the trunk's password and nothing else")
	}
	return string(text), nil
}

// trunkText describes a trunk for people, without its password.
func trunkText(t *trunk.Trunk) string {
	login := "none"
	switch {
	case t.HasPassword:
		login = t.User + ", with a password"
	case t.User != "":
		login = t.User + ", without a password"
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"address", t.Address()},
		{"user", login},
		{"registers", yesNo(t.Register)},
		{"rank", fmt.Sprint(t.Rank)},
		{"numbers", listOr(t.Prefixes, "all")},
		{"caller ids", listOr(t.CallerIDs, "any")},
		{"number format", string(t.Format)},
		{"calls a second", fmt.Sprint(t.CallsASecond)},
		{"channels", fmt.Sprint(t.Channels)},
		{"codecs", strings.Join(t.CodecNames(), ", ")},
		{"encrypted sound", yesNo(t.SRTP)},
		{"symmetric sound", yesNo(t.Symmetric)},
		{"outcomes", listOr(t.OutcomeTexts(), "the usual ones")},
		{"created", date(t.Created)},
		{"updated", date(t.Updated)},
	} {
		fmt.Fprintf(w, "  %s\t%s\n", line[0], line[1])
	}
	_ = w.Flush() // into memory
	return text.String()
}

func listOr(all []string, none string) string {
	if len(all) == 0 {
		return none
	}
	return strings.Join(all, ", ")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// trunkView is the JSON of a trunk.
type trunkView struct {
	Name         string        `json:"name"`
	Address      string        `json:"address"`
	User         string        `json:"user"`
	HasPassword  bool          `json:"has_password"`
	Register     bool          `json:"register"`
	Rank         int           `json:"rank"`
	Prefixes     []string      `json:"prefixes"`
	CallerIDs    []string      `json:"caller_ids"`
	Format       trunk.Format  `json:"format"`
	CallsASecond int           `json:"calls_a_second"`
	Channels     int           `json:"channels"`
	Codecs       []trunk.Codec `json:"codecs"`
	SRTP         bool          `json:"srtp"`
	Symmetric    bool          `json:"symmetric"`
	Outcomes     []string      `json:"outcomes"`
	DateCreated  *string       `json:"date_created"`
	DateUpdated  *string       `json:"date_updated"`
}

func trunkJSON(t *trunk.Trunk) trunkView {
	return trunkView{
		Name: t.Name, Address: t.Address(), User: t.User, HasPassword: t.HasPassword, Register: t.Register, Rank: t.Rank,
		Prefixes: append([]string{}, t.Prefixes...), CallerIDs: append([]string{}, t.CallerIDs...), Format: t.Format,
		CallsASecond: t.CallsASecond, Channels: t.Channels, Codecs: t.Codecs, SRTP: t.SRTP, Symmetric: t.Symmetric,
		Outcomes: t.OutcomeTexts(), DateCreated: jsonDate(t.Created), DateUpdated: jsonDate(t.Updated),
	}
}
