package phone

import (
	"math/rand/v2"
	"testing"
)

func realisticInput() []string {
	r := rand.New(rand.NewPCG(1, 2))
	in := make([]string, 4096)
	for i := range in {
		in[i] = realistic(r)
	}
	return in
}

func BenchmarkParse(b *testing.B) {
	in, raw := mustRegion(b, "IN"), realisticInput()
	for _, s := range raw {
		_, _ = in.Parse(s)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		_, _ = in.Parse(raw[i&4095])
		i++
	}
}

func BenchmarkLibrary(b *testing.B) {
	raw := realisticInput()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		var s spelling
		s.read(raw[i&4095])
		reference(text(s.digits()), s.plus, "IN")
		i++
	}
}

func BenchmarkParseOne(b *testing.B) {
	in := mustRegion(b, "IN")
	for _, raw := range []string{
		"+919876543210", "9876543210", "09876543210", "919876543210", "00919876543210", "+91 98765-43210",
		"08012345678", "+14155550123", "९८७६५४३२१०", "98765 43210 ext 5",
	} {
		b.Run(raw, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = in.Parse(raw)
			}
		})
	}
}

func BenchmarkParseE164(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = ParseE164("+919876543210")
	}
}

// BenchmarkPrepare makes all the tables of India, as the first use does.
func BenchmarkPrepare(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newDirectory().region("IN")
	}
}
