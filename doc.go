// Package callbook is the root of the module, and holds only the test of its
// import rules. The program is in cmd/callbook.
package callbook
