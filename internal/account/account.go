// Package account knows who may ask: the accounts and their API keys.
//
// [Directory] holds the rules and is the one door; [Store] is what it needs of
// a database.
package account

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"callbook/internal/fault"
	"callbook/internal/phone"
)

// ID is the key by which stores and limits know an account. A store gives it
// out, from 1 on. Clients never see it: they name an account by its sid.
type ID int64

// None is the id for what concerns no account, or one that is not known.
const None ID = 0

// NoAccount is the fault of who asks for an account that is not there.
func NoAccount(sid string) error {
	return fault.New(fault.NotFound, fmt.Sprintf("there is no account %q", sid))
}

// SIDTaken is the fault of who creates an account whose sid another one has.
func SIDTaken(sid string) error {
	return fault.New(fault.Duplicate, fmt.Sprintf("account %q exists already", sid))
}

// NoKey is the fault of who asks for a key that is not there.
func NoKey(id string) error {
	return fault.New(fault.NotFound, fmt.Sprintf("there is no API key %q", id))
}

// Account owns an address book.
type Account struct {
	ID  ID
	SID string // the account's name in every URL
	// Region is the ISO 3166-1 code of the country that a number without a
	// country code is taken to be from.
	Region   string
	TimeZone *time.Location // of every date that the account is shown
	Created  time.Time
}

// The defaults of a new account are those of Exotel, whose API callbook implements.
const (
	DefaultRegion   = "IN"
	DefaultTimeZone = "Asia/Kolkata"
)

// Store is what [Directory] needs of a database. All of it is safe for
// concurrent use, by several processes too.
type Store interface {
	// CreateAccount adds an account, whatever its ID, and returns it with the
	// ID it got; a sid that is taken is a Duplicate fault.
	CreateAccount(ctx context.Context, a Account) (Account, error)
	// Accounts returns all accounts, by sid.
	Accounts(ctx context.Context) ([]Account, error)
	// Account returns one account by sid, or a NotFound fault.
	Account(ctx context.Context, sid string) (Account, error)

	// CreateKey adds a key to the account with this id.
	CreateKey(ctx context.Context, account ID, k Key, hash TokenHash) error
	// Keys returns the keys of the account with this id, oldest first, revoked
	// ones too.
	Keys(ctx context.Context, account ID) ([]Key, error)
	// RevokeKey ends a key at this time, or leaves it as it is when it has
	// ended already; a key that is not there is a NotFound fault.
	RevokeKey(ctx context.Context, id string, at time.Time) (Key, error)
	// Credentials returns what it takes to check a key, ended or not; a key
	// that is not there is a NotFound fault.
	Credentials(ctx context.Context, id string) (Credentials, error)
	// KeysUsed notes when the keys with these ids were last used; a key's last
	// use never moves back.
	KeysUsed(ctx context.Context, last map[string]time.Time) error

	// Secret returns the secret of the account with this id for a purpose. When there is
	// none, it stores fresh as that. Whoever asks gets the same.
	Secret(ctx context.Context, account ID, p Purpose, fresh []byte) ([]byte, error)
}

// A sid goes into URLs and into shells as it is.
var sidPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Create makes an account. What [New] refuses is an Invalid fault, a sid that is taken
// a Duplicate one.
func (d *Directory) Create(ctx context.Context, sid, region, timeZone string) (Account, error) {
	a, err := New(sid, region, timeZone)
	if err != nil {
		return Account{}, err
	}
	a.Created = d.clock.Now()
	return d.store.CreateAccount(ctx, a)
}

// New returns an account that is not stored yet. The region is an ISO 3166-1 code as
// "IN", the time zone a name of the IANA database as "Asia/Kolkata". What is not valid
// is an Invalid fault.
func New(sid, region, timeZone string) (Account, error) {
	if !sidPattern.MatchString(sid) {
		return Account{}, fault.New(fault.Invalid, fmt.Sprintf(
			"account sid %q is not valid: use 1 to 64 letters, digits, '-' or '_', a letter or digit first", sid))
	}
	if _, err := phone.RegionByCode(region); err != nil {
		return Account{}, err
	}
	// The empty name and "Local" would mean another zone on every machine.
	zone, err := time.LoadLocation(timeZone)
	if err != nil || timeZone == "" || timeZone == "Local" {
		return Account{}, fault.New(fault.Invalid, fmt.Sprintf(
			"time zone %q is not known: use a name of the IANA database, as Asia/Kolkata or UTC", timeZone))
	}
	return Account{SID: sid, Region: region, TimeZone: zone}, nil
}

// Accounts returns all accounts, by sid.
func (d *Directory) Accounts(ctx context.Context) ([]Account, error) {
	return d.store.Accounts(ctx)
}

// Account returns one account by sid, or a NotFound fault.
func (d *Directory) Account(ctx context.Context, sid string) (Account, error) {
	return d.store.Account(ctx, sid)
}
