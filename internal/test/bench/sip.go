package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"time"
)

// What is promised of calls over a trunk.
const (
	latePromise       = 0.1  // percent of the packets
	mediaPromise      = 35.0 // percent of a core, for 500 calls
	callMemoryPromise = 60.0 // KB
	signallingPromise = 50.0 // percent of a core, for 1,000 calls a second
)

const (
	mediaCalls, mediaLasts = 500, 20 * time.Second
	signalledCalls         = 1000 // a second
	rtpBytes, rtpEvery     = 172, 20 * time.Millisecond
	// As many sockets send, with a packet of this size every 20 ms, as calls send messages:
	// INVITE, ACK, BYE and two answers, which is two and a half each way.
	sipSockets, sipBytes = signalledCalls * 5 / 2 / 50, 500
	shortRun, longRun    = 12 * time.Second, time.Minute
	samples              = 10
)

// sip measures calls over a trunk: the carrier in a process of its own, and callees in
// another. The floor sends and receives as many packets of the same size, at the same
// pace, over bare sockets.
func (l *lab) sip(ctx context.Context) (err error) {
	limit := time.Duration(l.share(int(l.Duration)))
	short := min(limit, shortRun)
	dir, err := os.MkdirTemp(l.Dir, "callbook-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := l.report.table("Calls over a SIP trunk. The floor: as many packets over bare UDP sockets.", "", "callbook", "floor", "to it", "promised")
	floor, err := watch(ctx, role{Kind: "sockets", Sockets: mediaCalls, Bytes: rtpBytes}, short)
	if err != nil {
		return err
	}
	for _, calls := range []struct {
		name           string
		record         string // the folder of the database
		limit          time.Duration
		promised, each any
	}{
		{"calls at once with sound both ways", "", limit, mediaPromise, callMemoryPromise},
		{"calls like them, recorded into SQLite", dir, short, "", ""},
	} {
		got, err := watch(ctx, role{Kind: "caller", Rate: mediaCalls / mediaLasts.Seconds(), Lasts: mediaLasts, Record: calls.record}, calls.limit)
		if err != nil {
			return err
		}
		t.add(grouped(mediaCalls)+" "+calls.name+", of a core, %", got.core(), floor.core(), got.core()/floor.core(), calls.promised)
		t.add("of their packets were more than 20 ms late, %", got.late(), floor.late(), "", latePromise)
		t.add("memory of one, KB", got.perCall(), "", "", calls.each)
		t.add("failed", float64(got.last().Failed), "", "", 0.0)
		if calls.limit > longRun {
			long := l.report.table("The same calls for long.", "after", "calls", "MB", "goroutines", "sockets and files", "ended", "failed")
			for _, s := range got.samples {
				long.add(s.at.Round(time.Second).String(), float64(s.Calls), s.mb, float64(s.Goroutines), float64(s.files), float64(s.Ended), float64(s.Failed))
			}
		}
	}
	if floor, err = watch(ctx, role{Kind: "sockets", Sockets: sipSockets, Bytes: sipBytes}, short); err != nil {
		return err
	}
	got, err := watch(ctx, role{Kind: "caller", Rate: signalledCalls}, short)
	if err != nil {
		return err
	}
	t.add("calls a second that end as soon as they are answered", got.rate(), "", "", float64(signalledCalls))
	t.add("of a core, %", got.core(), floor.core(), got.core()/floor.core(), signallingPromise)
	t.add("failed", float64(got.last().Failed), "", "", 0.0)
	return nil
}

// used is what a process has done and used in a while.
type used struct {
	samples   []sampled
	idle      float64 // MB
	cpu, took time.Duration
}

// sampled is what a process says of itself and what the system says of it.
type sampled struct {
	tally
	at    time.Duration // since the first sample
	mb    float64
	files int
}

func (u *used) first() *sampled { return &u.samples[0] }
func (u *used) last() *sampled  { return &u.samples[len(u.samples)-1] }
func (u *used) core() float64   { return 100 * float64(u.cpu) / float64(u.took) }
func (u *used) rate() float64   { return float64(u.last().Ended-u.first().Ended) / u.took.Seconds() }
func (u *used) late() float64 {
	return 100 * float64(u.last().Late-u.first().Late) / float64(u.last().Sent-u.first().Sent)
}
func (u *used) perCall() float64 { return 1000 * (u.first().mb - u.idle) / float64(u.first().Calls) }

// watch starts a process, and callees if it calls, lets it begin, and from when as many
// calls begin as end takes samples of it until the limit.
func watch(ctx context.Context, r role, limit time.Duration) (u used, err error) {
	progress("%s: %s calls a second, %d sockets", r.Kind, figure(r.Rate), r.Sockets)
	if r.Kind == "caller" {
		callees, err := play(ctx, role{Kind: "callees", Lasts: r.Lasts})
		if err != nil {
			return u, err
		}
		defer callees.stop()
		r.Trunk = callees.at
	}
	ramp := r.Lasts + 3*time.Second
	r.Most = int(r.Rate * (ramp + limit + 10*time.Second).Seconds())
	p, err := play(ctx, r)
	if err != nil {
		return u, err
	}
	defer p.stop()
	u.idle = p.megabytes("VmRSS")
	p.ask()
	pause(ctx, ramp)
	cpu, begun := p.cpu(), time.Now()
	for n := range samples + 1 {
		pause(ctx, time.Until(begun.Add(limit*time.Duration(n)/samples)))
		s := sampled{at: time.Since(begun), mb: p.megabytes("VmRSS"), files: p.files()}
		u.cpu, u.took = p.cpu()-cpu, time.Since(begun)
		p.ask()
		if err := errors.Join(ctx.Err(), p.tell(&s.tally)); err != nil {
			return u, err
		}
		u.samples = append(u.samples, s)
		if limit > longRun {
			progress("after %v: %d calls, %s MB, %d goroutines, %d files, %d failed", s.at.Round(time.Second), s.Calls, figure(s.mb), s.Goroutines, s.files, s.Failed)
		}
	}
	switch l := u.last(); {
	case l.Failed == 0:
	case l.Failed == l.Ended:
		return u, fmt.Errorf("all calls failed, the last one because: %s", l.Why)
	default:
		progress("%d of %d calls failed, the last one because: %s", l.Failed, l.Ended, l.Why)
	}
	return u, nil
}

// player is a process that plays a role.
type player struct {
	process
	at  netip.AddrPort
	cmd *exec.Cmd
	in  io.Writer
	out *json.Decoder
}

// play starts this program once more, in a role.
func play(ctx context.Context, r role) (*player, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env, cmd.Stderr = append(os.Environ(), roleVariable+"="+string(text)), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err = errors.Join(err, cmd.Start()); err != nil {
		return nil, fmt.Errorf("start as %s: %w", r.Kind, err)
	}
	p := &player{process: process(cmd.Process.Pid), cmd: cmd, in: in, out: json.NewDecoder(out)}
	if err := p.tell(&p.at); err != nil {
		p.stop()
		return nil, fmt.Errorf("start as %s: %w", r.Kind, err)
	}
	return p, nil
}

// ask asks the process for what it says next, and tell reads that.
func (p *player) ask()             { _, _ = io.WriteString(p.in, "\n") } // tell notices its end
func (p *player) tell(v any) error { return p.out.Decode(v) }

// stop ends the process.
func (p *player) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it was killed
}

// files is how many files and sockets the process has open.
func (p process) files() int {
	all, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p))
	return len(all)
}
