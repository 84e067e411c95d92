// Package trunks has the pages of SIP trunks, which belong to the whole installation.
package trunks

import (
	"context"
	"embed"
	"net/http"
	"net/url"

	"callbook/internal/addressbook"
	"callbook/internal/auditlog"
	"callbook/internal/fault"
	"callbook/internal/trunk"
	"callbook/internal/trunk/testcall"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Line is the carrier of the running server, if it calls over trunks.
type Line interface {
	// Health returns the states of the trunks that the server calls over, in their order.
	Health() []trunk.Health
	// Sound tells how well the sound of calls keeps pace.
	Sound() trunk.Sound
	// Trace returns the messages of a call that has ended, if they are kept.
	Trace(call addressbook.SID) []trunk.Message
	// Traces returns all calls whose messages are kept, the last one first.
	Traces() []trunk.Trace
	// Wake makes the server read the trunks at once.
	Wake()
}

// Room has the pages of trunks.
type Room struct {
	Audit  *auditlog.Log
	Trunks *trunk.Trunks
	Book   *addressbook.Book // reads the numbers that people type
	// Tests makes test calls. It and Line are nil if the telephone of the server is simulated.
	Tests *testcall.Calls
	Line  Line
	// Waiting means that campaigns of a server without a Line wait from the first trunk on
	// until the server is started again.
	Waiting bool
	// Command reports whether a command on the same database has signed a request.
	Command func(ctx context.Context, q url.Values) (bool, error)
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddNav(shell.NavItem{Path: "/trunks", Label: "Trunks", Also: []string{"/trunk"}, Managed: true, Icon: shell.Drawing(
		`<circle cx="4.5" cy="10" r="2"/><circle cx="15.5" cy="5" r="2"/><circle cx="15.5" cy="15" r="2"/><path d="M6.5 10H9c2 0 2-5 4.5-5M9 10c2 0 2 5 4.5 5"/>`)})
	d.Handle("GET /trunks", shell.Managed(room.listPage))
	d.Handle("GET /trunks/new", shell.Managed(room.newPage))
	d.HandleTyped("POST /trunks", "/trunks/new", shell.Managed(room.create))
	d.Handle("GET /trunk/{name}", shell.Managed(room.trunkPage))
	d.Handle("GET /trunk/{name}/edit", shell.Managed(room.editPage))
	d.HandleTyped("POST /trunk/{name}", "/trunk/{name}/edit", shell.Managed(room.save))
	d.HandleForm("POST /trunk/{name}/move", shell.Managed(room.move))
	d.HandleForm("POST /trunk/{name}/remove", shell.Managed(room.remove))
	d.Handle("GET /trunk/{name}/call", shell.Managed(room.callFormPage))
	d.HandleTyped("POST /trunk/{name}/call", "/trunk/{name}/call", shell.Managed(room.placeCall))
	d.HandleOpen("GET /trunks/traces", room.traces)
	d.Handle("GET /trunks/calls/{call}", shell.Managed(room.callPage))
	d.HandleForm("POST /trunks/calls/{call}/hangup", shell.Managed(room.hangUp))
}

// state is a trunk with its state as this server knows it.
type state struct {
	trunk.Trunk
	Known      bool   // whether this server calls over it
	Text, Kind string // the words for the state, and their badge
	Why        string // the reason, or ""
	Health     trunk.Health
	Hosts      []hostState
	// First and Last tell whether the trunk is the first or the last in the order.
	First, Last bool
}

// hostState is the state of one host of a trunk.
type hostState struct {
	trunk.HostHealth
	Text, Kind string
	Trip       string // how long its last answer took, or ""
}

// Path returns the URL of the trunk's page.
func (s state) Path() string { return "/trunk/" + url.PathEscape(s.Name) }

// stateOf returns a trunk with its state among those that the server knows.
func (room *Room) stateOf(t trunk.Trunk, all []trunk.Health) state {
	s := state{Trunk: t, Text: "Not known"}
	if room.Line != nil {
		s.Text, s.Kind = "Being taken up", "info"
	}
	if t.Locked != "" {
		s.Text, s.Kind, s.Why = "Locked", "bad", t.Locked
	}
	for _, h := range all {
		if h.Trunk != t.Name {
			continue
		}
		s.Known, s.Health = true, h
		s.Text, s.Kind = upOrDown(h.Up)
		s.Why = h.Reason
		for _, host := range h.Hosts {
			one := hostState{HostHealth: host}
			one.Text, one.Kind = upOrDown(host.Up)
			if host.Trip > 0 {
				one.Trip = words.Took(host.Trip)
			}
			s.Hosts = append(s.Hosts, one)
		}
	}
	return s
}

func upOrDown(up bool) (text, kind string) {
	if up {
		return "Up", "good"
	}
	return "Down", "bad"
}

func (room *Room) health() []trunk.Health {
	if room.Line == nil {
		return nil
	}
	return room.Line.Health()
}

// behind reports whether calls wait because the server cannot keep pace with their sound.
func (room *Room) behind() bool { return room.Line != nil && room.Line.Sound().Behind }

// changed tells the server that trunks have changed.
func (room *Room) changed() {
	if room.Line != nil {
		room.Line.Wake()
	}
}

// listData is the data of the template trunks.html.
type listData struct {
	Rows             []state
	Calling, Waiting bool // whether the server calls over trunks, or campaigns wait for that
	Behind           bool // whether calls wait because the server cannot keep pace
	NoKey            bool // whether the key of the passwords cannot be read
}

func (room *Room) listPage(r *http.Request) (shell.Answer, error) {
	data := listData{Calling: room.Line != nil, Waiting: room.Waiting, Behind: room.behind()}
	all, err := room.Trunks.List(r.Context()) // it tells which trunks are locked
	if err != nil {
		shell.RecordOf(r).Err = err
		data.NoKey = true
		if all, err = room.Trunks.Overview(r.Context()); err != nil {
			return shell.Answer{}, err
		}
	}
	health := room.health()
	for i, t := range all {
		t.Password = ""
		s := room.stateOf(t, health)
		s.First, s.Last = i == 0, i == len(all)-1
		data.Rows = append(data.Rows, s)
	}
	return pages.Show("trunks", "Trunks", data).Piece("trunks-live"), nil
}

// trunkData is the data of the template trunk.html.
type trunkData struct {
	state
	Calling, Waiting bool
	Behind           bool
	Settings         []shell.Option // what the trunk has, for people
}

func (room *Room) trunkPage(r *http.Request) (shell.Answer, error) {
	t, err := room.named(r)
	if err != nil {
		return shell.Answer{}, err
	}
	data := trunkData{state: room.stateOf(*t, room.health()), Calling: room.Line != nil, Waiting: room.Waiting, Behind: room.behind(), Settings: settingsOf(t)}
	return pages.Show("trunk", t.Name, data).Piece("trunk-live"), nil
}

// named returns the trunk in the path.
func (room *Room) named(r *http.Request) (*trunk.Trunk, error) {
	t, err := room.Trunks.Trunk(r.Context(), r.PathValue("name"))
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "There is no trunk with this name.")
	}
	return t, err
}

// move moves the trunk in the order.
func (room *Room) move(r *http.Request) (shell.Answer, error) {
	by := map[string]int{"up": -1, "down": 1}[r.PostForm.Get("to")]
	if _, err := room.named(r); err != nil {
		return shell.Answer{}, err
	}
	if err := room.Trunks.Move(r.Context(), r.PathValue("name"), by); err != nil {
		return shell.Answer{}, err
	}
	room.changed()
	return shell.GoTo("/trunks"), nil
}

// remove removes the trunk.
func (room *Room) remove(r *http.Request) (shell.Answer, error) {
	name := r.PathValue("name")
	switch err := room.Trunks.Remove(r.Context(), name); {
	case fault.Is(err, fault.NotFound):
		return shell.GoTo("/trunks").Noting("There is no trunk with this name any more."), nil
	case err != nil:
		return shell.Answer{}, err
	}
	room.changed()
	return shell.GoTo("/trunks").Saying("Removed the trunk " + name + ". Calls over it go on to their end."), nil
}

// sentence returns the subject's words of a fault as a sentence.
func sentence(f *fault.Error) string { return words.Sentence(fault.New(f.Kind, f.Detail)) }
