package sip

import (
	"testing"

	gosip "github.com/emiago/sipgo/sip"
)

// TestWaitingAnswers: however many answers come, few wait, in their order, and a final one is
// among them.
func TestWaitingAnswers(t *testing.T) {
	t.Parallel()
	var a asked
	for i := range 100 {
		if res := gosip.NewResponse(180+i%4, ""); a.queue(res) != (i == 0) {
			t.Errorf("answer %d starts what passes them", i)
		}
	}
	a.queue(gosip.NewResponse(486, ""))
	a.queue(gosip.NewResponse(500, ""))
	for i := range maxWaiting {
		want := 180 + i%4
		if i == maxWaiting-1 {
			want = 486
		}
		if res := a.next(); res == nil || res.StatusCode != want {
			t.Errorf("answer %d is %v, want %d", i, res, want)
		}
	}
	if res := a.next(); res != nil || !a.queue(gosip.NewResponse(200, "")) {
		t.Errorf("there is another: %v", res)
	}
}
