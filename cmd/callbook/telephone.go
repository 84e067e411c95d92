package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/app"
	"callbook/internal/fault"
	"callbook/internal/speech"
)

// telephoneFlags are the flags about placing the calls of campaigns.
type telephoneFlags struct {
	Carrier          string   `default:"auto" enum:"auto,simulator,sip" placeholder:"NAME" help:"What places the calls of campaigns: sip, over the trunks of \"callbook trunk\", to real telephones; simulator, with which nobody is called; or auto, which is sip if there is a trunk when the server starts, and else the simulator (${default}). In the simulator the last digit of a number says what happens: 0 to 5 answer, 6 is busy, 7 does not answer, 8 fails the first time, 9 fails."`
	SIPAddr          string   `name:"sip-addr" default:":5060" placeholder:"HOST:PORT" help:"IP address and port, UDP and TCP, at which SIP messages of trunks arrive; it is opened only where calls go over trunks, and reads messages of trunks alone (${default})."`
	SIPPublicAddress string   `name:"sip-public-address" placeholder:"IP" help:"The IP address at which trunks reach this server, for one behind NAT; by default its own."`
	RTPPorts         string   `name:"rtp-ports" default:"20000-20999" placeholder:"FROM-TO" help:"UDP ports for the sound of calls; each call takes one, which then rests for a minute (${default})."`
	Ring             callTime `default:"30s" placeholder:"DURATION" help:"How long telephones ring until a call over a trunk is given up, 15s to 3m (${default})."`
	LongestCall      callTime `default:"3m" placeholder:"DURATION" help:"How long an answered call over a trunk lasts at most, 10s to 2h (${default})."`
	SIPTrace         bool     `name:"sip-trace" help:"Keep the SIP messages of every call, and not only of those that failed, to be seen on the page of the number. They are kept in memory, without secrets, of the last 200 such calls."`
	TrunkAccounts    []string `name:"trunk-accounts" placeholder:"ACCOUNT" help:"Accounts whose people see and change the trunks in the dashboard; trunks belong to the whole server, so whoever changes them decides over the calls of all accounts. Without it, the only account does, and nobody where there are several."`
	SimulatorSpeed   int      `default:"1" placeholder:"N" help:"How many times as fast as the clock campaigns and simulated calls go, 1 to 3600 (${default}); with 60, an hour takes a minute."`
	SimulatorSeed    uint64   `default:"1" placeholder:"N" help:"Chooses how long simulated calls ring and talk (${default}); the same calls take as long each time."`
	SimulatorInstant bool     `help:"Let simulated calls end as soon as they leave; retries still wait for their time."`
	VoiceCommand     string   `placeholder:"COMMAND" help:"What speaks texts: a program and its arguments, with blanks between them. It gets the text at its standard input and writes a WAV file; {lang} stands for the language, as hi. Without it, espeak-ng where that is installed; \"none\" is no voice."`
	// CallbackPrivate allows receivers that run beside the server.
	CallbackPrivate bool `help:"Send callbacks to private, loopback and link-local addresses too, as that of a receiver on this machine. Whoever has a key can then reach them through the server."`
}

// maxSpeed is the largest --simulator-speed: an hour in a second.
const maxSpeed = 3600

// Validate is called by the command that embeds these flags.
func (f *telephoneFlags) Validate() error {
	if f.SimulatorSpeed < 1 || f.SimulatorSpeed > maxSpeed {
		return fmt.Errorf("--simulator-speed %d: it must be from 1 to %d", f.SimulatorSpeed, maxSpeed)
	}
	if d := time.Duration(f.Ring); d < 15*time.Second || d > 3*time.Minute {
		return fmt.Errorf("--ring %v: it must be from 15s to 3m", d)
	}
	if d := time.Duration(f.LongestCall); d < 10*time.Second || d > 2*time.Hour {
		return fmt.Errorf("--longest-call %v: it must be from 10s to 2h", d)
	}
	for _, sid := range f.TrunkAccounts {
		if _, err := account.New(sid, account.DefaultRegion, account.DefaultTimeZone); err != nil {
			return fmt.Errorf("--trunk-accounts: %w", err)
		}
	}
	_, err := f.sip()
	if err != nil {
		return err
	}
	_, err = f.voice()
	return err
}

// warnTrunkAccounts warns of accounts of --trunk-accounts that do not exist. The server
// runs all the same: accounts are created and renamed beside it.
func (f *telephoneFlags) warnTrunkAccounts(ctx context.Context, accounts *account.Directory, log *slog.Logger) {
	for _, sid := range f.TrunkAccounts {
		if _, err := accounts.Account(ctx, sid); fault.Is(err, fault.NotFound) {
			log.Warn("--trunk-accounts names an account that does not exist; until there is one with this sid, nobody sees the trunks for it", "account", sid)
		}
	}
}

// voice returns the command of the voice that the flags ask for, or nil.
func (f *telephoneFlags) voice() ([]string, error) {
	switch f.VoiceCommand {
	case "":
		return speech.Installed(), nil
	case "none":
		return nil, nil
	}
	command, err := speech.ParseCommand(f.VoiceCommand)
	if err != nil {
		return nil, fmt.Errorf("--voice-command: %w", err)
	}
	return command, nil
}

// simulator returns the simulated telephone that the flags ask for.
func (f *telephoneFlags) simulator() app.Simulator {
	return app.Simulator{Speed: f.SimulatorSpeed, Seed: f.SimulatorSeed, Instant: f.SimulatorInstant}
}

// sip returns how calls go over trunks.
func (f *telephoneFlags) sip() (s app.SIP, err error) {
	s.TraceAll, s.Ring, s.Longest = f.SIPTrace, time.Duration(f.Ring), time.Duration(f.LongestCall)
	host, port, err := net.SplitHostPort(f.SIPAddr)
	if err == nil && host == "" {
		host = "0.0.0.0"
	}
	if err == nil {
		s.Addr, err = netip.ParseAddrPort(net.JoinHostPort(host, port))
	}
	if err != nil {
		return s, fmt.Errorf("--sip-addr %q is no IP address and port: write it as :5060 or 192.0.2.10:5060", f.SIPAddr)
	}
	if f.SIPPublicAddress != "" {
		if s.Public, err = netip.ParseAddr(f.SIPPublicAddress); err != nil || s.Public.IsUnspecified() {
			return s, fmt.Errorf("--sip-public-address %q is no IP address, such as 192.0.2.10", f.SIPPublicAddress)
		}
	}
	if s.Public.IsValid() && !s.Addr.Addr().IsUnspecified() && s.Public.Unmap().Is4() != s.Addr.Addr().Unmap().Is4() {
		return s, fmt.Errorf("--sip-public-address %s and --sip-addr %s: one is an address of IPv4, the other one of IPv6", f.SIPPublicAddress, f.SIPAddr)
	}
	first, last, _ := strings.Cut(f.RTPPorts, "-")
	s.FirstPort, err = strconv.Atoi(first)
	if err == nil {
		s.LastPort, err = strconv.Atoi(last)
	}
	if err != nil || s.FirstPort < 1024 || s.LastPort > 65535 || s.LastPort <= s.FirstPort {
		return s, fmt.Errorf("--rtp-ports %q is no range of ports from 1024 to 65535: write it as 20000-20999", f.RTPPorts)
	}
	return s, nil
}

// kind returns what is to place the calls.
func (f *telephoneFlags) kind() app.CarrierKind {
	return map[string]app.CarrierKind{"auto": app.Auto, "simulator": app.Simulated, "sip": app.SIPTrunks}[f.Carrier]
}
