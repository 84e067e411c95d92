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

func (room *signinRoom) sessionsPage(r *http.Request) (answer, error) {
	current := sessionOf(r).Hash
	all, err := room.Sessions.Sessions(r.Context(), accountOf(r))
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
	return pages.show("sessions", "Sessions", rows), nil
}

func (room *signinRoom) endSession(r *http.Request) (answer, error) {
	id := r.PathValue("id")
	if err := room.Sessions.End(r.Context(), accountOf(r), id); err != nil {
		return answer{}, err
	}
	if id == sessionOf(r).Hash.String() {
		return goTo("/signin").saying("You are signed out.").signedOut(), nil
	}
	return goTo("/sessions").saying("The session has ended. That browser is signed out."), nil
}
