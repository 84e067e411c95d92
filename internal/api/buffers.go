package api

import (
	"math/bits"
	"sync"
)

// bufferPool pools byte slices by their size, so that a small request never holds the
// buffer of a large one.
type bufferPool struct {
	classes [maxBufferBits - minBufferBits + 1]sync.Pool
}

// The pooled sizes are powers of two, from 4 KiB to 4 MiB. The answer to 5,000 usual
// contacts has 2.6 MB.
const (
	minBufferBits = 12
	maxBufferBits = 22
)

// These are two pools because answers are twice as large as their requests.
var bodies, answers bufferPool

// get returns an empty buffer with room for n bytes, and up to twice as much.
func (p *bufferPool) get(n int) []byte {
	class := max(minBufferBits, bits.Len(uint(max(0, n-1)))) - minBufferBits
	if class >= len(p.classes) {
		return make([]byte, 0, n)
	}
	if b, ok := p.classes[class].Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 1<<(class+minBufferBits))
}

// put returns a buffer to the pool. Nobody may use it afterwards.
func (p *bufferPool) put(b []byte) {
	class := bits.Len(uint(cap(b))) - 1 - minBufferBits
	if 0 <= class && class < len(p.classes) {
		p.classes[class].Put(&b)
	}
}

// grow returns the buffer with room for n bytes in total.
func (p *bufferPool) grow(b []byte, n int) []byte {
	if cap(b) >= n {
		return b
	}
	grown := append(p.get(n), b...)
	p.put(b)
	return grown
}
