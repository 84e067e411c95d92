package media

import "math"

const (
	// recordSamples is how much sound is recorded at a time: half a second.
	recordSamples = 4000
	// mostChunks is how many of these wait for a recorder that is slow: ten seconds.
	mostChunks = 20
	// mostEarly bounds the sound that came before its turn: 200 ms.
	mostEarly = 10 * frameSamples
)

// recording mixes the two sides of a call. The session's mutex guards it.
type recording struct {
	record func(samples []int16)
	over   bool          // no more is recorded
	chunk  []int16       // what was recorded of the present half second
	came   []int16       // from the callee, not mixed yet
	chunks chan []int16  // is closed at the end
	done   chan struct{} // is closed when everything was recorded
}

// newRecording returns a recording for record; without that it is over.
func newRecording(record func(samples []int16)) *recording {
	r := &recording{record: record, done: make(chan struct{})}
	if r.over = record == nil; r.over {
		close(r.done)
		return r
	}
	r.chunks = make(chan []int16, mostChunks)
	return r
}

// heard adds what came from the callee.
func (r *recording) heard(l *law, payload []byte) {
	if r.over {
		return
	}
	for _, b := range payload {
		r.came = append(r.came, l.decoded[b])
	}
	if early := len(r.came) - mostEarly; early > 0 {
		r.came = r.came[:copy(r.came, r.came[early:])]
	}
}

// mix records 20 ms: what was sent, and what came.
func (r *recording) mix(l *law, sent []byte) {
	if r.over {
		return
	}
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

// pass passes on the present half second. A recorder that is too slow gets no more, so that a
// recording has no hole.
func (r *recording) pass() {
	select {
	case r.chunks <- r.chunk:
		r.chunk = nil
	default:
		r.chunk = nil
		r.end()
	}
}

// end passes on what is left. Nothing is recorded afterwards.
func (r *recording) end() {
	if r.over {
		return
	}
	r.over = true
	if len(r.chunk) > 0 {
		select {
		case r.chunks <- r.chunk:
		default:
		}
	}
	close(r.chunks)
}

// run records until the end.
func (r *recording) run() {
	defer close(r.done)
	for chunk := range r.chunks {
		r.record(chunk)
	}
	r.record(nil)
}
