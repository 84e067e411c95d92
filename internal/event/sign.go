package event

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// ShowSecret returns a secret in the form in which the libraries of Standard Webhooks
// take it.
func ShowSecret(secret []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(secret) }

// sign sets the headers of the Standard Webhooks specification, with a signature of
// version 1. The id is that of the event, at is when it is sent.
func sign(h http.Header, secret []byte, id string, at time.Time, body []byte) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, seconds, body)
	// The specification writes them so, and servers read them in any case.
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", seconds)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}
