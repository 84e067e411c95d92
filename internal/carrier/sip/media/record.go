package media

import "math"

const (
	// recordSamples is how much sound is recorded at a time: a second.
	recordSamples = 8000
	// mostChunks is how many seconds wait for a recorder that is slow.
	mostChunks = 10
	// mostEarly bounds the sound that came before its turn: 200 ms.
	mostEarly = 10 * frameSamples
)

// recording mixes the two sides of a call.
type recording struct {
	chunk  []int16      // what was recorded of the present second
	came   []int16      // from the callee, not mixed yet
	chunks chan []int16 // is closed at the end of the session
}

func newRecording() *recording {
	return &recording{chunks: make(chan []int16, mostChunks)}
}

// heard adds what came from the callee.
func (r *recording) heard(l *law, payload []byte) {
	for _, b := range payload {
		r.came = append(r.came, l.decoded[b])
	}
	if early := len(r.came) - mostEarly; early > 0 {
		r.came = r.came[:copy(r.came, r.came[early:])]
	}
}

// mix records 20 ms: what was sent, and what came.
func (r *recording) mix(l *law, sent []byte) {
	if r.chunk == nil {
		r.chunk = make([]int16, 0, recordSamples)
	}
	came := r.came[:min(frameSamples, len(r.came))]
	for i := range frameSamples {
		sample := 0
		if i < len(sent) {
			sample = int(l.decoded[sent[i]])
		}
		if i < len(came) {
			sample += int(came[i])
		}
		r.chunk = append(r.chunk, int16(min(max(sample, math.MinInt16), math.MaxInt16)))
	}
	r.came = r.came[:copy(r.came, r.came[len(came):])]
	if len(r.chunk) == recordSamples {
		r.pass()
	}
}

// pass passes the present second on, or drops it if the recorder is too slow.
func (r *recording) pass() {
	select {
	case r.chunks <- r.chunk:
	default:
	}
	r.chunk = nil
}

// end passes on what is left.
func (r *recording) end() {
	if len(r.chunk) > 0 {
		r.pass()
	}
	close(r.chunks)
}

// record gives what was recorded to a recorder until the session is closed.
func (s *Session) record() {
	for chunk := range s.recording.chunks {
		s.settings.Record(chunk)
	}
	s.settings.Record(nil)
}
