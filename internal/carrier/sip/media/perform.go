package media

import (
	"context"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/carrier"
)

const (
	// unknownFlow is how long a call lasts whose flow is unknown.
	unknownFlow = 10 * time.Second
	// lateFinish is how long after its input the key that finishes it is still expected,
	// and not taken for the next input. People press it after the last key too.
	lateFinish = 2 * time.Second
)

// performer runs a flow over a session.
type performer struct {
	*Session
	order *carrier.Order
	told  func(keys string)
	run   *callflow.Run
	// finish is a key that is expected until a time, and then ignored.
	finish string
	until  time.Time
}

// Perform runs the flow of an order over a session, until the flow hangs up, ctx ends or
// the session is closed. The caller then ends the call. It returns what became of the
// flow. Whenever the callee has pressed a key that the flow asked for, it calls told with
// all keys so far. Keys that the flow did not ask for are dropped.
//
// The end of the call also ends the input of keys: "1" of a callee who hangs up at once
// counts. If the order has no flow, the call is silent for ten seconds, and takes keys.
func Perform(ctx context.Context, s *Session, o *carrier.Order, told func(keys string)) *callflow.Run {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	p := &performer{Session: s, order: o, told: told}
	if o.Flow == nil {
		p.run = &callflow.Run{}
		p.run.Digits = p.read(ctx, nil, p.after(unknownFlow), &callflow.Keys{Most: callflow.MaxDigits})
		return p.run
	}
	var action callflow.Action
	p.run, action = callflow.Begin(o.Flow)
	for !action.HangUp {
		in, ok := p.do(ctx, &action)
		if !ok {
			break
		}
		action = p.run.Next(in)
	}
	return p.run
}

// do does what an action says. It returns false if the call ended without a result.
func (p *performer) do(ctx context.Context, action *callflow.Action) (in callflow.Input, ok bool) {
	switch {
	case action.Gather != nil:
		in.Digits = p.gather(ctx, action.Gather)
		return in, in.Digits != "" || ctx.Err() == nil
	case action.Fetch != nil:
		if p.order.Ask != nil {
			in = p.order.Ask(ctx, *action.Fetch, p.run.Digits)
		}
	case action.Play != nil:
		if samples := p.samples(ctx, action.Play); len(samples) > 0 {
			_ = p.Play(ctx, samples) // an error means that the call has ended
		}
	}
	return in, ctx.Err() == nil
}

// samples returns the samples of a sound. A sound that cannot be had is silent: the call
// goes on, because what follows may matter more.
func (p *performer) samples(ctx context.Context, s *callflow.Sound) []int16 {
	if p.order.Sound == nil || s.Text == "" && s.Prompt == "" && len(s.URLs) == 0 {
		return nil
	}
	samples, err := p.order.Sound(ctx, *s)
	if err != nil {
		return nil
	}
	return samples
}

// gather plays a sound and reads keys. Keys that were pressed before are dropped: they
// answered something else.
func (p *performer) gather(ctx context.Context, keys *callflow.Keys) string {
	samples := p.samples(ctx, &keys.Sound)
	for drained := false; !drained; {
		select {
		case <-p.keys:
		default:
			drained = true
		}
	}
	if len(samples) == 0 {
		return p.read(ctx, nil, p.after(keys.Timeout), keys)
	}
	playing, err := p.play(samples)
	if err != nil {
		return ""
	}
	return p.read(ctx, playing, nil, keys)
}

// read reads keys until there are the most, the one that finishes, or a timeout. The first
// key interrupts the sound that is playing. The timeout begins with the end of the sound.
func (p *performer) read(ctx context.Context, playing *sound, timeout <-chan struct{}, keys *callflow.Keys) string {
	var heard <-chan struct{}
	if playing != nil {
		heard = playing.done
		defer p.stop(playing)
	}
	var typed []byte
	take := func(key byte) (done bool) {
		if string(key) == p.finish && len(typed) == 0 && time.Now().Before(p.until) {
			p.finish = ""
			return false
		}
		if playing != nil {
			p.stop(playing)
			heard = nil
		}
		if string(key) == keys.Finish {
			return true
		}
		typed = append(typed, key)
		p.told(p.run.Digits + string(typed))
		if len(typed) >= keys.Most {
			p.finish, p.until = keys.Finish, time.Now().Add(lateFinish)
			return true
		}
		if keys.Timeout > 0 {
			timeout = p.after(keys.Timeout)
		}
		return false
	}
	for {
		select {
		case key := <-p.keys:
			if take(key) {
				return string(typed)
			}
		case <-heard:
			heard, timeout = nil, p.after(keys.Timeout)
		case <-timeout:
			return string(typed)
		case <-ctx.Done():
			for { // what was pressed just before the end
				select {
				case key := <-p.keys:
					if take(key) {
						return string(typed)
					}
				default:
					return string(typed)
				}
			}
		}
	}
}
