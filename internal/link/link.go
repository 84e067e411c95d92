// Package link makes links to the results of campaigns that need no key: to reports, and
// to recordings of calls. It also signs the requests of commands to a server.
package link

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock"
)

// The query parameters of a link.
const (
	Expires   = "expires"   // the end of its validity, in seconds since 1970
	Signature = "signature" // callbook's signature
)

const (
	// linkTime is how long a link is valid at least.
	linkTime = 7 * 24 * time.Hour
	// linkStep is how long all links to a file are equal.
	linkStep = 24 * time.Hour
)

// Links makes links to files. Whoever has a link can read its file without a key until it
// expires. All servers of a database accept the same links. It is safe for concurrent
// use.
type Links struct {
	accounts *account.Directory
	clock    clock.Clock
}

// New returns Links that sign with secrets of the accounts.
func New(accounts *account.Directory, c clock.Clock) *Links { return &Links{accounts, c} }

// Of returns the Signer of links to an account's files.
func (l *Links) Of(ctx context.Context, acct account.Account) (Signer, error) {
	secret, err := l.accounts.Secret(ctx, acct, account.ReportLinks)
	return Signer{secret: secret, account: acct.SID, clock: l.clock}, err
}

// File is a file that a link may lead to.
type File struct {
	path   string // within the account's paths
	signed string // what is signed in its place
}

// Report returns the report of a campaign.
func Report(campaign addressbook.SID) File {
	return File{"campaigns/" + campaign.String() + "/report", campaign.String()}
}

// Recording returns the recording of a campaign's call.
func Recording(campaign, call addressbook.SID) File {
	path := "campaigns/" + campaign.String() + "/call-details/" + call.String() + "/recording"
	return File{path, path}
}

// Parse returns the file at a path within an account's paths. Ok is false if links lead
// to no such file.
func Parse(path string) (f File, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) < 3 || parts[0] != "campaigns" {
		return f, false
	}
	campaign, ok := addressbook.ParseSID(parts[1])
	switch {
	case !ok:
	case len(parts) == 3 && parts[2] == "report":
		return Report(campaign), true
	case len(parts) == 5 && parts[2] == "call-details" && parts[4] == "recording":
		call, ok := addressbook.ParseSID(parts[3])
		return Recording(campaign, call), ok
	}
	return f, false
}

// Signer signs the links to the files of one account.
type Signer struct {
	secret  []byte
	account string // the account's sid
	clock   clock.Clock
}

// Path returns the path and query of a link to a file.
func (s Signer) Path(f File) string {
	expires := strconv.FormatInt(s.clock.Now().Truncate(linkStep).Add(linkStep+linkTime).Unix(), 10)
	return fmt.Sprintf("/v2/accounts/%s/%s?%s=%s&%s=%s", s.account, f.path, Expires, expires, Signature, hex.EncodeToString(s.sign(f, expires)))
}

// Permits reports whether a link to a file is valid now.
func (s Signer) Permits(f File, expires, signature string) bool {
	given, err := hex.DecodeString(signature)
	if err != nil || !hmac.Equal(given, s.sign(f, expires)) {
		return false
	}
	until, err := strconv.ParseInt(expires, 10, 64)
	return err == nil && s.clock.Now().Unix() < until
}

// commandTime is how long a server answers a request that a command has signed.
const commandTime = time.Minute

// command is what a command signs. No link leads to it, and servers sign none, so whoever
// has such a signature has the database.
var command = File{signed: "command"}

// Command returns the query parameters of a request to a server, by a command that has the
// database open too.
func (s Signer) Command() url.Values {
	expires := strconv.FormatInt(s.clock.Now().Add(commandTime).Unix(), 10)
	return url.Values{Expires: {expires}, Signature: {hex.EncodeToString(s.sign(command, expires))}}
}

// PermitsCommand reports whether a request has the parameters of [Signer.Command], and
// they have not expired.
func (s Signer) PermitsCommand(q url.Values) bool {
	return s.Permits(command, q.Get(Expires), q.Get(Signature))
}

// sign returns the signature of a link.
func (s Signer) sign(f File, expires string) []byte {
	mac := hmac.New(sha256.New, s.secret)
	// None of these contains a newline, so two different files never have the same signed
	// text.
	fmt.Fprintf(mac, "%s\n%s\n%s", s.account, f.signed, expires)
	return mac.Sum(nil)
}
