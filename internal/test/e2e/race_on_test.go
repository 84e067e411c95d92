//go:build race

package e2e

// raceDetector tells that the tests were built with -race; then the server is,
// too.
const raceDetector = true
