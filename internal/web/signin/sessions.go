package signin

import (
	"net/http"

	"callbook/internal/session"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// sessionRow is a row of the template sessions.html.
type sessionRow struct {
	session.Session
	ID      string
	Browser string
	Current bool
}

func (room *Room) sessionsPage(r *http.Request) (shell.Answer, error) {
	current := shell.SessionOf(r).Hash
	all, err := room.Sessions.Sessions(r.Context(), shell.AccountOf(r))
	if err != nil {
		return shell.Answer{}, err
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
	return pages.Show("sessions", "Sessions", rows), nil
}

func (room *Room) endOtherSessions(r *http.Request) (shell.Answer, error) {
	n, err := room.Sessions.EndOthers(r.Context(), shell.AccountOf(r), shell.SessionOf(r).Hash)
	if err != nil {
		return shell.Answer{}, err
	}
	text := "No other browser was signed in."
	if n > 0 {
		text = words.Plural(n, "other session has", "other sessions have") + " ended. Only this browser is signed in."
	}
	return shell.GoTo("/sessions").Saying(text), nil
}

func (room *Room) endSession(r *http.Request) (shell.Answer, error) {
	id := r.PathValue("id")
	if err := room.Sessions.End(r.Context(), shell.AccountOf(r), id); err != nil {
		return shell.Answer{}, err
	}
	if id == shell.SessionOf(r).Hash.String() {
		return shell.GoTo("/signin").Saying("You are signed out.").SignedOut(), nil
	}
	return shell.GoTo("/sessions").Saying("The session has ended. That browser is signed out."), nil
}
