//go:build race

package servertest

// underRace reports whether race detection watches the tests.
const underRace = true
