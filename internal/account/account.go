// Package account manages the accounts and their API keys, and authenticates callers.
//
// [Directory] enforces the rules. [Store] is what it needs of a database.
package account

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// ID is an account's key in stores and limits. The store assigns it, from 1 on. Clients
// never see it; they name an account by its sid.
type ID int64

// None is the ID for what belongs to no account or to an unknown one.
const None ID = 0

// NoAccount returns the fault of a request for an account that does not exist.
func NoAccount(sid string) error {
	return fault.New(fault.NotFound, fmt.Sprintf("there is no account %q", sid))
}

// SIDTaken returns the fault of a new account whose sid is taken.
func SIDTaken(sid string) error {
	return fault.New(fault.Duplicate, fmt.Sprintf("account %q exists already", sid))
}

// NoKey returns the fault of a request for a key that does not exist.
func NoKey(id string) error {
	return fault.New(fault.NotFound, fmt.Sprintf("there is no API key %q", id))
}

// Account owns an address book.
type Account struct {
	ID  ID
	SID string // its id in URLs
	// Region is the ISO 3166-1 code of the country of numbers without a country code.
	Region   string
	TimeZone *time.Location // for all dates in answers
	Created  time.Time
	// RequestsAMinute is how many requests of the API it may send per minute; zero means
	// no limit.
	RequestsAMinute int
	Disabled        time.Time // since when it is disabled; zero means that it is not
	Deleted         time.Time // when its deletion began; zero means that it did not
}

// The defaults of a new account are those of Exotel, whose API callbook implements.
const (
	DefaultRegion   = "IN"
	DefaultTimeZone = "Asia/Kolkata"
)

// Store is what [Directory] needs of a database. Its methods are safe for concurrent use,
// also by several processes.
type Store interface {
	// CreateAccount adds an account and returns it with its new ID, whose log has the
	// entries of the context's [audit.Note]. The error for a taken sid is a Duplicate
	// fault.
	CreateAccount(ctx context.Context, a Account) (Account, error)
	// Accounts returns all accounts, ordered by sid.
	Accounts(ctx context.Context) ([]Account, error)
	// Account returns the account with this sid, or a NotFound fault.
	Account(ctx context.Context, sid string) (Account, error)

	// ChangeAccount reads the account with this sid, calls change, and stores the changed
	// account, in one transaction. If the account is then disabled or being deleted, the
	// transaction also ends its sessions and links. Change may be called more than once.
	// If it returns an error, nothing is changed, and ChangeAccount returns that error.
	// The error for an unknown account is a NotFound fault, and for a new sid that is
	// taken a Duplicate fault.
	ChangeAccount(ctx context.Context, sid string, change func(*Account) error) (Account, error)
	// Contents counts the rows that belong to an account, those of interest by name.
	Contents(ctx context.Context, account ID) (named []Content, rows int64, err error)
	// InProgress returns how many campaigns of an account are in progress.
	InProgress(ctx context.Context, account ID) (campaigns int, err error)
	// DeleteContents deletes up to limit rows that belong to an account, and the files of
	// its uploads, and returns how many rows it has deleted. From the account's Deleted
	// on, the other stores refuse to write for it. It returns 0 when nothing is left.
	DeleteContents(ctx context.Context, account ID, limit int) (rows int, err error)
	// DeleteAccount deletes an account that is being deleted and to which no row belongs.
	// It reports false if a row was there. No other account ever gets its ID.
	DeleteAccount(ctx context.Context, account ID) (done bool, err error)

	// CreateKey adds a key to an account.
	CreateKey(ctx context.Context, account ID, k Key, hash TokenHash) error
	// Keys returns all keys of an account, including revoked ones, the oldest first.
	Keys(ctx context.Context, account ID) ([]Key, error)
	// RevokeKey ends a key at this time. A key that has ended stays unchanged. The error
	// for a key that does not exist is a NotFound fault.
	RevokeKey(ctx context.Context, id string, at time.Time) (Key, error)
	// ExpireKey lets a key expire at this time, unless it expires before. The error for a
	// key that does not exist is a NotFound fault.
	ExpireKey(ctx context.Context, id string, at time.Time) (Key, error)
	// DeleteKey deletes a key with its sessions. It ignores a key that does not exist.
	DeleteKey(ctx context.Context, id string) error
	// Credentials returns what is needed to check a key, even if it has ended, or a
	// NotFound fault.
	Credentials(ctx context.Context, id string) (Credentials, error)
	// KeysUsed stores the times of the last use of keys, by their ids. A key's last use
	// never moves back.
	KeysUsed(ctx context.Context, last map[string]time.Time) error

	// Secret returns the account's secret for a purpose. If there is none, it stores and
	// returns fresh. Concurrent calls return the same secret.
	Secret(ctx context.Context, account ID, p Purpose, fresh []byte) ([]byte, error)
}

// A sid must be safe in URLs and shells without escaping.
var sidPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Create creates an account. The error is an Invalid fault as for [New], or a Duplicate
// fault if the sid is taken.
func (d *Directory) Create(ctx context.Context, sid, region, timeZone string) (Account, error) {
	a, err := New(sid, region, timeZone)
	if err != nil {
		return Account{}, err
	}
	a.Created = d.clock.Now()
	ctx, _ = audit.Begin(ctx, None, audit.Change{Action: audit.AccountsCreate, Object: sid, Done: 1})
	return d.store.CreateAccount(ctx, a)
}

// New returns an account without storing it. Region is an ISO 3166-1 code such as "IN",
// and timeZone a name of the IANA database such as "Asia/Kolkata". The error for an
// invalid argument is an Invalid fault.
func New(sid, region, timeZone string) (Account, error) {
	if !sidPattern.MatchString(sid) {
		return Account{}, fault.New(fault.Invalid, fmt.Sprintf(
			"account sid %q is not valid: use 1 to 64 letters, digits, '-' or '_', a letter or digit first", sid))
	}
	if _, err := phone.RegionByCode(region); err != nil {
		return Account{}, err
	}
	// "" and "Local" depend on the machine.
	zone, err := time.LoadLocation(timeZone)
	if err != nil || timeZone == "" || timeZone == "Local" {
		return Account{}, fault.New(fault.Invalid, fmt.Sprintf(
			"time zone %q is not known: use a name of the IANA database, as Asia/Kolkata or UTC", timeZone))
	}
	return Account{SID: sid, Region: region, TimeZone: zone}, nil
}

// Accounts returns all accounts, ordered by sid.
func (d *Directory) Accounts(ctx context.Context) ([]Account, error) {
	return d.store.Accounts(ctx)
}

// Account returns the account with this sid, or a NotFound fault.
func (d *Directory) Account(ctx context.Context, sid string) (Account, error) {
	return d.store.Account(ctx, sid)
}
