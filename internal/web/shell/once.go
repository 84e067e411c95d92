package shell

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"callbook/internal/fault"
	"callbook/internal/journal"
)

// OnceField is a hidden field that makes a form idempotent. It also contains the form's
// account, because the visitor may have signed in to another account in another tab
// since.
const OnceField = "once"

// onceKept bounds the time to store where a form has led.
const onceKept = 5 * time.Second

// Once returns the hidden field that makes a form idempotent.
func (v view) Once() template.HTML {
	return template.HTML(`<input type="hidden" name="` + OnceField + `" value="` + v.Account.SID + "." + rand.Text() + `">`)
}

// Once returns a handler that calls h, unless the same form with the same values was sent
// before. Then it redirects to where the form led the first time. While the first of two
// requests is being served, the second waits for it. The values are in r.PostForm.
// [Dashboard.HandleForm] and [Dashboard.HandleTyped] use Once for every form.
func Once(h Handler) Handler {
	return func(r *http.Request) (Answer, error) {
		token := r.PostForm.Get(OnceField)
		if token == "" {
			return h(r)
		}
		if sid, _, _ := strings.Cut(token, "."); sid != AccountOf(r).SID {
			return Answer{}, fault.New(fault.Forbidden, fmt.Sprintf(
				"This page was opened in the account %.64s, and this browser is signed in to %s by now. Nothing was done.", sid, AccountOf(r).SID))
		}
		request, _ := FormHash(r)
		attempt, err := visitorOf(r).dashboard.cfg.Receipts.BeginNext(r.Context(), AccountOf(r).ID, "form:"+hex.EncodeToString(request[:]))
		if err != nil {
			return Answer{}, err
		}
		defer attempt.End()
		receipt, err := attempt.Answer(r.Context(), request)
		if err != nil {
			return Answer{}, err
		}
		if receipt != nil {
			return again(receipt)
		}
		answer, err := h(r)
		if err != nil || answer.location == "" {
			return answer, err
		}
		// The browser may be gone already, for example after a second press of the
		// button.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), onceKept)
		defer cancel()
		body, err := json.Marshal(answer.location)
		if err == nil {
			err = attempt.Keep(attempt.PageContext(ctx), http.StatusSeeOther, body)
		}
		// The form has done its work even if this fails.
		if err != nil && !errors.Is(err, journal.ErrTaken) && fault.As(err) == nil {
			RecordOf(r).Err = err
		}
		return answer, nil
	}
}

// FormHash returns a hash of an idempotent form and its values. Once is false if the form
// is not idempotent. Handlers can derive the names of what they create from the hash, so
// that servers which get the form at the same moment do not create two.
func FormHash(r *http.Request) (hash [sha256.Size]byte, once bool) {
	return sha256.Sum256([]byte(r.URL.Path + "?" + r.PostForm.Encode())), r.PostForm.Get(OnceField) != ""
}

// SentAlready redirects to where the form led the first time.
func SentAlready(location string) Answer {
	return GoTo(location).Noting("This form was sent already, and it was done once.")
}

// again redirects to the location in a receipt.
func again(receipt *journal.Receipt) (Answer, error) {
	body, err := receipt.Open()
	if err != nil {
		return Answer{}, err
	}
	defer body.Close()
	var location string
	if err := json.NewDecoder(body).Decode(&location); err != nil {
		return Answer{}, fmt.Errorf("read where a form led: %w", err)
	}
	return SentAlready(cmp.Or(location, "/")), nil // an erasure has made it null
}
