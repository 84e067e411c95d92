//go:build !race

package servertest

const underRace = false
