package shell

import (
	"testing"

	"callbook/internal/fault"
)

// TestTroubles goes over every kind.
func TestTroubles(t *testing.T) {
	t.Parallel()
	for kind := fault.NotFound; kind < fault.EndOfKinds; kind++ {
		if is := troubles[kind]; is.status < 400 || is.title == "" {
			t.Errorf("kind %d is %+v on a page", kind, is)
		}
	}
}
