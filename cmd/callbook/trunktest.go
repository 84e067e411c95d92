package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/app"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/clock"
	"callbook/internal/phone"
	"callbook/internal/speech"
	"callbook/internal/trunk"
)

type trunkTestCmd struct {
	database
	secretsFlags
	Name             string `arg:"" help:"The trunk's name."`
	Call             string `placeholder:"NUMBER" help:"Call this number, as +919876543210, and show the messages of the call without secrets. Without it, the trunk is asked whether it is there."`
	CallerID         string `name:"caller-id" placeholder:"NUMBER" help:"The number to show to the callee; by default the trunk's first caller id."`
	Keys             string `placeholder:"KEYS" help:"Press these keys once the callee has answered, as 12#: for the menu of a PBX."`
	Say              string `default:"This is a test call of callbook." placeholder:"TEXT" help:"What the callee hears where a voice is installed (\"${default}\")."`
	SIPAddr          string `name:"sip-addr" env:"-" default:":0" placeholder:"HOST:PORT" help:"IP address and port of this end; port 0 takes a free one (${default}), since a running server has its own."`
	SIPPublicAddress string `name:"sip-public-address" placeholder:"IP" help:"The IP address at which the trunk reaches this machine, for one behind NAT; by default its own."`
	RTPPorts         string `name:"rtp-ports" env:"-" default:"21000-21099" placeholder:"FROM-TO" help:"UDP ports for sound (${default})."`

	to  phone.Number
	sip app.SIP
}

// Validate is called by kong after it has parsed the flags.
func (c *trunkTestCmd) Validate() (err error) {
	if err := errors.Join(c.database.Validate(), c.secretsFlags.Validate()); err != nil {
		return err
	}
	flags := telephoneFlags{SIPAddr: c.SIPAddr, SIPPublicAddress: c.SIPPublicAddress, RTPPorts: c.RTPPorts}
	if c.sip, err = flags.sip(); err != nil {
		return err
	}
	if c.Call == "" {
		if c.Keys != "" || c.CallerID != "" {
			return errors.New("--call is missing: --keys and --caller-id are about a call, as --call +919876543210")
		}
		return nil
	}
	if strings.Trim(c.Keys, "0123456789*#") != "" {
		return fmt.Errorf("--keys %q: there are digits, * and # on a telephone", c.Keys)
	}
	if c.to, err = phone.ParseE164(c.Call); err != nil {
		return fmt.Errorf("--call %q is no number in E.164: write it as +919876543210", c.Call)
	}
	return nil
}

var (
	// errTrunkDown is the error of a test of a trunk that does not answer, or fails the call.
	errTrunkDown = errors.New("the trunk did not pass the test")
	// errNotAnswered is the error of a call that the trunk has brought to a telephone.
	errNotAnswered = errors.New("the trunk has placed the call, and the callee did not answer: call a number that does, to test the sound")
)

func (c *trunkTestCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withTrunks(ctx, c.keys(c.database), func(trunks *trunk.Trunks) error {
		t, err := trunks.Trunk(ctx, c.Name)
		if err != nil {
			return err
		}
		id := c.CallerID
		if id == "" && len(t.CallerIDs) > 0 {
			id = t.CallerIDs[0]
		}
		if c.to != 0 && id == "" {
			return errors.New("--caller-id is missing: the trunk has no number that may be shown to the callee")
		}
		if _, may := t.Shows(id); c.to != 0 && !may {
			return fmt.Errorf("--caller-id %s: the trunk may show %s; \"callbook trunk set %s --caller-id\" names others", id, some(t.CallerIDs, "any number"), t.Name)
		}
		if c.to != 0 {
			if err := c.tell(ctx); err != nil {
				return err
			}
		}
		up, silent := false, false
		var messages []trunk.Message
		end, err := app.TrunkTest{
			Trunks: trunks, Name: c.Name, SIP: c.sip, To: c.to, CallerID: id, Keys: c.Keys, Text: c.Say, VoiceCommand: speech.Installed(),
			Health: func(h trunk.Health) {
				up = printHealth(std.out, h)
				silent = h.Up || h.Reason == "" // nothing says why there is no answer
			},
			Told: func(m trunk.Message) {
				messages = append(messages, m)
				printStep(std.out, m, messages[0].At)
			},
		}.Run(ctx)
		switch {
		case err != nil:
			return err
		case c.to != 0:
			return printEnd(std.out, end, messages)
		case !up && silent:
			return fmt.Errorf("%w; some trunks answer no OPTIONS and take calls all the same, which --call tells", errTrunkDown)
		case !up:
			return errTrunkDown
		case t.HasPassword:
			_, err = fmt.Fprintln(std.out, "The password was not tried; --call NUMBER does that.")
		}
		return err
	})
}

// printOutcome prints the outcome of a call that has ended, the reason, and what to do.
func printOutcome(w io.Writer, outcome string, code, cause int, reason, advice string) error {
	text := ""
	if code != 0 {
		text = fmt.Sprintf(" (SIP %d", code)
		if cause != 0 {
			text += fmt.Sprintf(", cause %d", cause)
		}
		text += ")"
	}
	if advice != "" {
		advice += "\n"
	}
	_, err := fmt.Fprintf(w, "\nThe call ended: %s%s%s\n%s", outcome, text, because(reason), advice)
	return err
}

// tell writes into the audit log that the call is placed.
func (c *trunkTestCmd) tell(ctx context.Context) error {
	return c.withDB(ctx, func(db commandStore) error {
		log := auditlog.New(db, account.NewDirectory(db, clock.System), auditlog.Options{})
		return log.Tell(ctx, audit.Change{Action: audit.TrunksCall, Object: c.Name, Done: 1})
	})
}

// printHealth prints the state of a trunk and of its hosts. It reports whether one of them
// has answered.
func printHealth(w io.Writer, h trunk.Health) (answered bool) {
	for _, host := range h.Hosts {
		answered = answered || host.Trip > 0
	}
	state := "answers" + because(h.Reason)
	if !answered {
		state = "does not answer OPTIONS"
		if !h.Up {
			state += because(h.Reason)
		}
	}
	fmt.Fprintf(w, "Trunk %s %s\n", h.Trunk, state)
	for _, host := range h.Hosts {
		if host.Trip > 0 {
			fmt.Fprintf(w, "  %s answers in %.1f ms%s\n", host.Host, host.Trip.Seconds()*1000, because(host.Reason))
		} else {
			fmt.Fprintf(w, "  %s does not answer%s\n", host.Host, because(host.Reason))
		}
	}
	return answered
}

// because returns a reason behind a colon, or "".
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// printStep prints a message of the call.
func printStep(w io.Writer, s trunk.Message, begun time.Time) {
	arrow := "received"
	if s.Sent {
		arrow = "sent"
	}
	fmt.Fprintf(w, "\n%8.3f s  %s\n", s.At.Sub(begun).Seconds(), arrow)
	for line := range strings.Lines(strings.TrimSpace(strings.ReplaceAll(s.Text, "\r\n", "\n"))) {
		fmt.Fprintf(w, "    %s", line)
	}
	fmt.Fprintln(w)
}

// printEnd prints how the call ended. It returns an error unless the callee answered.
func printEnd(w io.Writer, p carrier.Progress, messages []trunk.Message) error {
	advice := ""
	if p.Outcome.Failed() {
		advice = trunk.Advice(p.Code, messages)
	}
	if err := printOutcome(w, p.Outcome.String(), p.Code, p.Cause, p.CauseText, advice); err != nil {
		return err
	}
	if !p.Answered.IsZero() {
		fmt.Fprintf(w, "Answered for %.1f s.\n", p.Ended.Sub(p.Answered).Seconds())
	}
	switch p.Outcome {
	case campaign.Reached:
		return nil
	case campaign.Busy, campaign.NoAnswer:
		return errNotAnswered
	}
	return errTrunkDown
}
