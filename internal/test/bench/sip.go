package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
func (l *lab) sip(ctx context.Context) error {
	limit := time.Duration(l.share(int(l.Duration)))
	t := l.report.table("Calls over a SIP trunk. The floor: as many packets over bare UDP sockets.", "", "callbook", "floor", "to it", "promised")
	floor, err := l.bare(ctx, mediaCalls, rtpBytes, min(limit, shortRun))
	if err != nil {
		return err
	}
	got, err := l.trunkCalls(ctx, role{Rate: mediaCalls / mediaLasts.Seconds(), Lasts: mediaLasts}, limit)
	if err != nil {
		return err
	}
	t.add(grouped(mediaCalls)+" calls at once with sound both ways, of a core, %", got.core(), floor.core(), got.core()/floor.core(), mediaPromise)
	t.add("of their packets were more than 20 ms late, %", got.late(), floor.late(), "", latePromise)
	t.add("memory of one, KB", got.perCall(), "", "", callMemoryPromise)
	t.add("failed", float64(got.last().Failed), "", "", 0.0)
	if limit > longRun {
		long := l.report.table("The same calls for long.", "after", "calls", "MB", "goroutines", "sockets and files", "ended", "failed")
		for _, s := range got.samples {
			long.add(s.at.Round(time.Second).String(), float64(s.Calls), s.mb, float64(s.Goroutines), float64(s.files), float64(s.Ended), float64(s.Failed))
		}
	}
	if floor, err = l.bare(ctx, sipSockets, sipBytes, min(limit, shortRun)); err != nil {
		return err
	}
	if got, err = l.trunkCalls(ctx, role{Rate: signalledCalls}, min(limit, shortRun)); err != nil {
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

// trunkCalls lets a carrier place calls to callees, and watches it for a while from when as
// many calls begin as end.
func (l *lab) trunkCalls(ctx context.Context, r role, limit time.Duration) (u used, err error) {
	progress("%s calls a second", figure(r.Rate))
	callees, err := play(ctx, role{Kind: "callees", Lasts: r.Lasts})
	if err != nil {
		return u, err
	}
	defer callees.stop()
	var at []netip.AddrPort
	if err := callees.tell(&at); err != nil {
		return u, err
	}
	r.Kind, r.Trunk = "caller", at[0]
	u, err = watch(ctx, r, r.Lasts+3*time.Second, limit, func(p *player, _ []netip.AddrPort) error { return p.ask(nil) })
	if err != nil {
		return u, err
	}
	switch l := u.last(); {
	case l.Failed == l.Ended:
		return u, fmt.Errorf("all calls failed, the last one because: %s", l.Why)
	case l.Failed > 0:
		progress("%d of %d calls failed, the last one because: %s", l.Failed, l.Ended, l.Why)
	}
	return u, nil
}

// bare measures the floor: two processes whose sockets send packets to each other.
func (l *lab) bare(ctx context.Context, sockets, bytes int, limit time.Duration) (u used, err error) {
	progress("%d sockets", sockets)
	r := role{Kind: "sockets", Sockets: sockets, Bytes: bytes}
	other, err := play(ctx, r)
	if err != nil {
		return u, err
	}
	defer other.stop()
	var theirs []netip.AddrPort
	if err := other.tell(&theirs); err != nil {
		return u, err
	}
	return watch(ctx, r, time.Second, limit, func(p *player, ours []netip.AddrPort) error {
		return errors.Join(p.ask(theirs), other.ask(ours))
	})
}

// watch starts a process, lets it begin, and after a while takes samples of it until the
// limit.
func watch(ctx context.Context, r role, ramp, limit time.Duration, begin func(*player, []netip.AddrPort) error) (u used, err error) {
	p, err := play(ctx, r)
	if err != nil {
		return u, err
	}
	defer p.stop()
	var hello []netip.AddrPort
	if err := p.tell(&hello); err != nil {
		return u, err
	}
	u.idle = p.megabytes("VmRSS")
	if err := begin(p, hello); err != nil {
		return u, err
	}
	pause(ctx, ramp)
	cpu, begun := p.cpu(), time.Now()
	for n := range samples + 1 {
		pause(ctx, time.Until(begun.Add(limit*time.Duration(n)/samples)))
		s := sampled{at: time.Since(begun), mb: p.megabytes("VmRSS"), files: p.files()}
		u.cpu, u.took = p.cpu()-cpu, time.Since(begun)
		if err := errors.Join(ctx.Err(), p.ask(nil), p.tell(&s.tally)); err != nil {
			return u, err
		}
		u.samples = append(u.samples, s)
		if limit > longRun {
			progress("after %v: %d calls, %s MB, %d goroutines, %d files, %d failed", s.at.Round(time.Second), s.Calls, figure(s.mb), s.Goroutines, s.files, s.Failed)
		}
	}
	return u, nil
}

// player is a process that plays a role.
type player struct {
	process
	cmd *exec.Cmd
	in  *json.Encoder
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
	return &player{process(cmd.Process.Pid), cmd, json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))}, nil
}

// ask sends something to the process, and tell reads what it says.
func (p *player) ask(v any) error  { return p.in.Encode(v) }
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
