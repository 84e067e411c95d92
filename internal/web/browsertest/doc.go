// Package browsertest tests the dashboard in a real browser: headless Chromium
// over a real server.
//
// pages_test.go has the table of the pages: each is looked at by axe-core, light
// and dark, and its picture is taken, wide and narrow, into the folder
// screenshots/ at the module's root. A story is a test of its own, in a
// story_*_test.go.
package browsertest
