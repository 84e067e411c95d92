package wav

import (
	"container/list"
	"crypto/sha256"
	"sync"
)

// Cache is an LRU cache of sounds, bounded in bytes. It is safe for concurrent use.
type Cache struct {
	most int

	mu    sync.Mutex
	bytes int
	order *list.List // of *cached, the most recently used in front
	of    map[[sha256.Size]byte]*list.Element
}

type cached struct {
	key     [sha256.Size]byte
	samples []int16
}

// NewCache returns a Cache that takes up to most bytes.
func NewCache(most int) *Cache {
	return &Cache{most: most, order: list.New(), of: make(map[[sha256.Size]byte]*list.Element)}
}

// Get returns the cached samples, or nil. The caller must not modify them.
func (c *Cache) Get(key [sha256.Size]byte) []int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.of[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).samples
}

// Put caches samples, and evicts the least recently used ones.
func (c *Cache) Put(key [sha256.Size]byte, samples []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[key] != nil {
		return
	}
	c.of[key] = c.order.PushFront(&cached{key, samples})
	for c.bytes += SampleBytes * len(samples); c.bytes > c.most; {
		last := c.order.Remove(c.order.Back()).(*cached)
		delete(c.of, last.key)
		c.bytes -= SampleBytes * len(last.samples)
	}
}
