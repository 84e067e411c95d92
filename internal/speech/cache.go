package speech

import (
	"container/list"
	"crypto/sha256"
	"sync"
)

// cache is an LRU cache of spoken texts, bounded in bytes.
type cache struct {
	most int

	mu    sync.Mutex
	bytes int
	order *list.List // of *said, the most recently used in front
	of    map[[sha256.Size]byte]*list.Element
}

type said struct {
	key     [sha256.Size]byte
	samples []int16
}

func newCache(most int) cache {
	return cache{most: most, order: list.New(), of: make(map[[sha256.Size]byte]*list.Element)}
}

// get returns the cached samples, or nil.
func (c *cache) get(key [sha256.Size]byte) []int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.of[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*said).samples
}

// put caches samples, and evicts the least recently used ones.
func (c *cache) put(key [sha256.Size]byte, samples []int16) {
	const sampleBytes = 2
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[key] != nil {
		return
	}
	c.of[key] = c.order.PushFront(&said{key, samples})
	for c.bytes += sampleBytes * len(samples); c.bytes > c.most; {
		last := c.order.Remove(c.order.Back()).(*said)
		delete(c.of, last.key)
		c.bytes -= sampleBytes * len(last.samples)
	}
}
