package shell

import (
	"net/http"

	"callbook/internal/fault"
)

// Manages reports whether the visitor may see and change what belongs to the whole
// installation and not to an account, such as trunks.
func Manages(r *http.Request) (bool, error) {
	who := visitorOf(r)
	if !who.known || who.dashboard.cfg.Manages == nil {
		return false, nil
	}
	return who.dashboard.cfg.Manages(r.Context(), who.account)
}

var errNotManaged = fault.New(fault.Forbidden, "This belongs to the whole installation, and your account does not manage it. Whoever runs the server names those that do: callbook serve --trunk-accounts.")

// Managed returns a handler that calls h for visitors for whom [Manages] is true, and
// refuses all others.
func Managed(h Handler) Handler {
	return func(r *http.Request) (Answer, error) {
		ok, err := Manages(r)
		if err != nil {
			return Answer{}, err
		}
		if !ok {
			return Answer{}, errNotManaged
		}
		return h(r)
	}
}
