package main

import (
	"fmt"

	"callbook/internal/app"
	"callbook/internal/speech"
)

// telephoneFlags are the flags about placing the calls of campaigns.
type telephoneFlags struct {
	Carrier          string `default:"simulator" enum:"simulator" placeholder:"NAME" help:"What places the calls of campaigns (${default}, the only one so far): a simulated telephone, with which nobody is called. The last digit of a number says what happens: 0 to 5 answer, 6 is busy, 7 does not answer, 8 fails the first time, 9 fails."`
	SimulatorSpeed   int    `default:"1" placeholder:"N" help:"How many times as fast as the clock campaigns and simulated calls go, 1 to 3600 (${default}); with 60, an hour takes a minute."`
	SimulatorSeed    uint64 `default:"1" placeholder:"N" help:"Chooses how long simulated calls ring and talk (${default}); the same calls take as long each time."`
	SimulatorInstant bool   `help:"Let simulated calls end as soon as they leave; retries still wait for their time."`
	VoiceCommand     string `placeholder:"COMMAND" help:"What speaks texts: a program and its arguments, with blanks between them. It gets the text at its standard input and writes a WAV file; {lang} stands for the language, as hi. Without it, espeak-ng where that is installed; \"none\" is no voice."`
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
	_, err := f.voice()
	return err
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
