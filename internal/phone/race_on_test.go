//go:build race

package phone

// raceEnabled tells that the race detector slows the tests down.
const raceEnabled = true
