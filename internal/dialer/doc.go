// Package dialer places the calls of campaigns. It reads their targets, claims those
// that are due at the campaign's pace, asks whether they may be called now, writes each
// call down before it leaves, and decides what follows from its outcome.
package dialer
