package web

import (
	"net/http"

	"callbook/internal/session"
)

// sessionRow is one of the template sessions.html.
type sessionRow struct {
	session.Session
	ID      string
	Browser string
	Current bool
}

func (d *Dashboard) sessionsPage(r *http.Request) (answer, error) {
	current := visitorOf(r).session.Hash
	all, err := d.cfg.Sessions.Sessions(r.Context(), accountOf(r))
	if err != nil {
		return answer{}, err
	}
	rows := make([]sessionRow, len(all))
	for i, s := range all {
		rows[i] = sessionRow{
			Session: s,
			ID:      s.Hash.String(),
			Browser: browserName(s.Agent),
			Current: s.Hash == current,
		}
	}
	return show("sessions", "Sessions", rows), nil
}

func (d *Dashboard) endSession(r *http.Request) (answer, error) {
	who := visitorOf(r)
	id := r.PathValue("id")
	if err := d.cfg.Sessions.End(r.Context(), who.account, id); err != nil {
		return answer{}, err
	}
	if id == who.session.Hash.String() {
		return goTo("/signin").saying("You are signed out.").with(d.sessionCookie(r, "")), nil
	}
	return goTo("/sessions").saying("The session has ended. That browser is signed out."), nil
}
