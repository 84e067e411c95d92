package shell

import (
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

// onceField is the hidden field that makes a form good once. It says which account
// the form was made for, too: in another tab of the browser, somebody may have
// signed in to another one since.
const onceField = "once"

// onceKept bounds how long a request waits to keep where it led.
const onceKept = 5 * time.Second

// Once is the hidden field of a form that is good once.
func (v view) Once() template.HTML {
	return template.HTML(`<input type="hidden" name="` + onceField + `" value="` + v.Account.SID + "." + rand.Text() + `">`)
}

// once does what a form asks for, unless this very form was sent before, with the
// same in it. Then it leads to where the form led back then. While the first of two
// is still being done, the second waits for it.
func once(h Handler) Handler {
	return func(r *http.Request) (Answer, error) {
		token := r.PostForm.Get(onceField)
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
		// The browser may be gone by now, as after a second press of the button.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), onceKept)
		defer cancel()
		body, err := json.Marshal(answer.location)
		if err == nil {
			err = attempt.Keep(attempt.PageContext(ctx), http.StatusSeeOther, body)
		}
		// What was asked for is done in any case.
		if err != nil && !errors.Is(err, journal.ErrTaken) && fault.As(err) == nil {
			RecordOf(r).Err = err
		}
		return answer, nil
	}
}

// FormHash tells a form that is good once, with what is in it, from all others. False
// means that the form is good more often. What a form makes can have a name of it, so
// that servers which get the form at the same moment do not make two.
func FormHash(r *http.Request) (hash [sha256.Size]byte, once bool) {
	return sha256.Sum256([]byte(r.URL.Path + "?" + r.PostForm.Encode())), r.PostForm.Get(onceField) != ""
}

// SentAlready leads to where a form led when it was sent first.
func SentAlready(location string) Answer {
	return GoTo(location).Noting("This form was sent already, and it was done once.")
}

// again leads to where a form led when it was sent first.
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
	return SentAlready(location), nil
}
