package event

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"
)

// TestSign has the sample that the libraries of Standard Webhooks are tested with.
func TestSign(t *testing.T) {
	t.Parallel()
	const shown = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	secret, err := base64.StdEncoding.DecodeString(shown[len("whsec_"):])
	if err != nil || ShowSecret(secret) != shown {
		t.Fatalf("the secret is shown as %s, %v", ShowSecret(secret), err)
	}
	h := make(http.Header)
	sign(h, secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got, want := h.Get("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("the signature is %s, want %s", got, want)
	}
}
