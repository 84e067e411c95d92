package phone

import "testing"

func TestService(t *testing.T) {
	t.Parallel()
	for n, want := range map[Number]bool{
		919876543210: false, 918012345678: false, 911800123456: false,
		919001: false, 91112: true, 91100: true, 91108: true, // emergency, police, ambulance
		1911: true, 19002345678: true, 447911123456: false, 449012345678: true, 44999: true,
		12125551234: false, 49112: true, 499001234567: true, 0: false,
	} {
		if got := n.Service(); got != want {
			t.Errorf("%v leads to a service: %t", n, got)
		}
	}
}

func BenchmarkService(b *testing.B) {
	for b.Loop() {
		Number(919876543210).Service()
	}
}
