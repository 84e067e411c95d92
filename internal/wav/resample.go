package wav

import "math"

// The low-pass filter of the resampler: a sinc with a Kaiser window. It passes
// frequencies below 3.4 kHz, the band of telephones. It attenuates those above 4 kHz by
// 80 dB, which would otherwise come back as noise (aliasing).
const (
	cutoff     = 3700.0 // Hz, the middle of the transition band
	crossings  = 32     // zero crossings at Rate, on each side
	kaiserBeta = 7.857  // for 80 dB
)

// resampler reduces the rate of samples to Rate. An output sample lies at a multiple of
// step/len(phases) input samples. The fraction of that number selects the phase.
type resampler struct {
	phases [][]float32 // the filter for each fraction
	step   int
	held   []float32 // input that is still needed
	phase  int
	out    []float32
}

func newResampler(rate int) *resampler {
	common := gcd(rate, Rate)
	half := (crossings*rate + Rate - 1) / Rate
	r := &resampler{phases: make([][]float32, Rate/common), step: rate / common}
	for p := range r.phases {
		r.phases[p] = lowPass(rate, half, float64(p)/float64(len(r.phases)))
	}
	r.held = make([]float32, half-1) // silence before the first input
	return r
}

// lowPass returns the filter's taps for an output sample that lies a fraction after the
// middle input sample.
func lowPass(rate, half int, fraction float64) []float32 {
	taps, sum := make([]float64, 2*half), 0.0
	for i := range taps {
		t := float64(i-half+1) - fraction
		x := 2 * cutoff / float64(rate) * t
		w := t / float64(half)
		taps[i] = sinc(x) * bessel(kaiserBeta*math.Sqrt(max(0, 1-w*w)))
		sum += taps[i]
	}
	gained := make([]float32, len(taps))
	for i, tap := range taps {
		gained[i] = float32(tap / sum)
	}
	return gained
}

// resample returns the output for the input so far, and with last all remaining output.
// It is valid until the next call.
func (r *resampler) resample(in []float32, last bool) []float32 {
	r.held = append(r.held, in...)
	taps := len(r.phases[0])
	if last {
		r.held = append(r.held, make([]float32, taps/2)...)
	}
	r.out = r.out[:0]
	at := 0
	for ; at+taps <= len(r.held); at, r.phase = at+(r.phase+r.step)/len(r.phases), (r.phase+r.step)%len(r.phases) {
		var sum float32
		input := r.held[at : at+taps]
		for i, tap := range r.phases[r.phase] {
			sum += tap * input[i]
		}
		r.out = append(r.out, sum)
	}
	r.held = r.held[:copy(r.held, r.held[at:])]
	return r.out
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel is the modified Bessel function of the first kind and order zero, by its series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= x / (2 * k) * (x / (2 * k))
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}
