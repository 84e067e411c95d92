package trunk

import (
	"encoding/json"
	"errors"
	"fmt"
)

// stored is the JSON in [Row].Settings. Databases contain this format, so it must not
// change, except for new keys.
type stored struct {
	Rank         int          `json:"rank,omitempty"`
	Host         string       `json:"host"`
	Port         int          `json:"port,omitempty"`
	Transport    Transport    `json:"transport"`
	User         string       `json:"user,omitempty"`
	CallerIDs    []string     `json:"caller_ids,omitempty"`
	Prefixes     []string     `json:"prefixes,omitempty"`
	Format       Format       `json:"format"`
	CallsASecond int          `json:"calls_a_second"`
	Channels     int          `json:"channels"`
	Register     bool         `json:"register,omitempty"`
	Codecs       []Codec      `json:"codecs"`
	SRTP         bool         `json:"srtp,omitempty"`
	Symmetric    bool         `json:"symmetric,omitempty"`
	Outcomes     []storedRule `json:"outcomes,omitempty"`
}

// storedRule is the JSON of an [OutcomeRow].
type storedRule struct {
	Code    int    `json:"code,omitempty"`
	Cause   int    `json:"cause,omitempty"`
	Outcome string `json:"outcome"`
}

// encode returns the settings of a trunk as JSON, without Name, Password and dates.
func (t *Trunk) encode() []byte {
	s := stored{
		Rank: t.Rank, Host: t.Host, Port: t.Port, Transport: t.Transport, User: t.User, CallerIDs: t.CallerIDs, Prefixes: t.Prefixes,
		Format: t.Format, CallsASecond: t.CallsASecond, Channels: t.Channels, Register: t.Register, Codecs: t.Codecs,
		SRTP: t.SRTP, Symmetric: t.Symmetric,
	}
	for _, row := range t.Outcomes {
		s.Outcomes = append(s.Outcomes, storedRule(row))
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and numbers can be encoded
	}
	return text
}

// Decode returns the trunk of a row, without its password.
func (r *Row) Decode() (*Trunk, error) {
	var s stored
	if err := json.Unmarshal(r.Settings, &s); err != nil {
		return nil, fmt.Errorf("the settings of trunk %s cannot be read", r.Name) // not the settings themselves
	}
	t := &Trunk{
		Name: r.Name, Rank: s.Rank, Host: s.Host, Port: s.Port, Transport: s.Transport, User: s.User, HasPassword: r.Password != nil,
		CallerIDs: s.CallerIDs, Prefixes: s.Prefixes, Format: s.Format, CallsASecond: s.CallsASecond, Channels: s.Channels,
		Register: s.Register, Codecs: s.Codecs, SRTP: s.SRTP, Symmetric: s.Symmetric, Created: r.Created, Updated: r.Updated,
	}
	for _, rule := range s.Outcomes {
		t.Outcomes = append(t.Outcomes, OutcomeRow(rule))
	}
	return t, nil
}

// Check returns an error if the row is not that of a trunk that could be created. It needs
// no key, so the password may still be encrypted with another one.
func (r *Row) Check() error {
	t, err := r.Decode()
	if err != nil {
		return errors.New("its settings cannot be read")
	}
	if err := t.Check(); err != nil {
		return err
	}
	if r.Password != nil && !isSealed(r.Password) {
		return errors.New("its password is not encrypted as passwords are")
	}
	return nil
}
