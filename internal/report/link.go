package report

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
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
	// linkStep is how long all links to a report are equal.
	linkStep = 24 * time.Hour
)

// Links makes links to reports. Whoever has a link can read its report without a key
// until it expires. All servers of a database accept the same links. It is safe for
// concurrent use.
type Links struct {
	accounts *account.Directory
	clock    clock.Clock
}

// NewLinks returns Links that sign with secrets of the accounts.
func NewLinks(accounts *account.Directory, c clock.Clock) *Links { return &Links{accounts, c} }

// Of returns the Signer of links to an account's reports.
func (l *Links) Of(ctx context.Context, acct account.Account) (Signer, error) {
	secret, err := l.accounts.Secret(ctx, acct, account.ReportLinks)
	return Signer{secret: secret, account: acct.SID, clock: l.clock}, err
}

// Signer signs the links to the reports of one account.
type Signer struct {
	secret  []byte
	account string // the account's sid
	clock   clock.Clock
}

// Path returns the path and query of a link to a campaign's report.
func (s Signer) Path(sid addressbook.SID) string {
	expires := strconv.FormatInt(s.clock.Now().Truncate(linkStep).Add(linkStep+linkTime).Unix(), 10)
	return fmt.Sprintf("/v2/accounts/%s/campaigns/%s/report?%s=%s&%s=%s",
		s.account, sid, Expires, expires, Signature, hex.EncodeToString(s.sign(sid, expires)))
}

// Permits reports whether a link to a campaign's report is valid now.
func (s Signer) Permits(sid addressbook.SID, expires, signature string) bool {
	given, err := hex.DecodeString(signature)
	if err != nil || !hmac.Equal(given, s.sign(sid, expires)) {
		return false
	}
	until, err := strconv.ParseInt(expires, 10, 64)
	return err == nil && s.clock.Now().Unix() < until
}

// sign returns the signature of a link.
func (s Signer) sign(sid addressbook.SID, expires string) []byte {
	mac := hmac.New(sha256.New, s.secret)
	// Sid and account contain no newline, so two different reports never have the same
	// signed text.
	fmt.Fprintf(mac, "%s\n%s\n%s", s.account, sid, expires)
	return mac.Sum(nil)
}
