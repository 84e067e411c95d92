package campaign

import (
	"fmt"
	"time"

	"callbook/internal/fault"
)

// Action is what a person can do with a campaign.
type Action string

// The actions, as the API spells them.
const (
	Pause    Action = "pause"
	Resume   Action = "resume"
	Complete Action = "complete"
	Archive  Action = "archive"
)

// Faults of changes.
var (
	errAction     = fault.New(fault.Invalid, "Invalid Action")
	errHasStarted = fault.New(fault.Forbidden, "Only campaigns that have not started can be deleted")
)

// errState is the fault of an action that the campaign's state does not allow.
func (c *Campaign) errState() error {
	return fault.New(fault.Invalid, fmt.Sprintf("Campaign is %s", c.State))
}

// Do performs an action at a time, or returns why it is not possible. An action that
// changes nothing, such as pausing a paused campaign, is no fault.
func (c *Campaign) Do(a Action, now time.Time) error {
	switch a {
	case Pause:
		switch c.State {
		case Paused:
			return nil
		case Created, InProgress:
			c.enter(Paused, now)
			return nil
		}
	case Resume:
		switch c.State {
		case InProgress:
			return nil
		case Paused:
			c.enter(c.resumed(), now)
			return nil
		}
	case Complete:
		switch c.State {
		case Completed:
			return nil
		case Created, InProgress, Paused:
			c.End(Completed, now)
			return nil
		}
	case Archive:
		switch c.State {
		case Archived:
			return nil
		case Completed, Failed, Canceled:
			c.enter(Archived, now)
			return nil
		}
	default:
		return errAction
	}
	return c.errState()
}

// resumed returns the state from before the pause.
func (c *Campaign) resumed() State {
	if c.Started.IsZero() {
		return Created
	}
	return InProgress
}

// Start starts a campaign whose targets are all read and whose time has come.
func (c *Campaign) Start(now time.Time) {
	c.Started = now
	if c.State == Created {
		c.enter(InProgress, now)
	}
}

// End ends a campaign in the state s. Its waiting targets get their final states.
func (c *Campaign) End(s State, now time.Time) {
	c.Counts.endWaiting()
	c.Ended, c.EndedAs = now, s
	c.enter(s, now)
}

// Expire ends a campaign that has reached its EndAt.
func (c *Campaign) Expire(now time.Time) {
	if c.State == Paused {
		c.End(Canceled, now)
		return
	}
	c.End(c.Final(), now)
}

// Final returns the state in which a campaign with nothing left to do ends: Failed if no
// call has reached a telephone, otherwise Completed.
func (c *Campaign) Final() State {
	n := &c.Counts
	if n.CallsReached+n.CallsBusy+n.CallsNoAnswer == 0 && n.InFlight() == 0 {
		return Failed
	}
	return Completed
}

// Delete marks a campaign that has not started as deleted.
func (c *Campaign) Delete(now time.Time) error {
	if !c.Started.IsZero() || c.State.Ended() {
		return errHasStarted
	}
	c.Counts.endWaiting()
	c.Ended = now
	c.enter(Deleted, now)
	return nil
}

// enter changes the state.
func (c *Campaign) enter(s State, now time.Time) {
	c.State = s
	c.touch(now)
}

// touch sets Updated. It never moves the date back.
func (c *Campaign) touch(now time.Time) {
	if now.After(c.Updated) {
		c.Updated = now
	}
}
