package sip

import (
	"time"

	"callbook/internal/addressbook"
)

// kept holds values of calls for a while, in two generations. When the younger one is old or
// has half as many values as there may be, the older one is dropped as a whole, and a new one
// begins. So a value stays for that while and up to twice as long, unless newer ones have
// taken its place. Kept is not safe for concurrent use.
type kept[V any] struct {
	lasts      time.Duration // how long a value stays
	most       int           // how many there are at most
	young, old map[addressbook.SID]V
	since      time.Time // when young began
}

// newKept returns an empty kept.
func newKept[V any](lasts time.Duration, most int) kept[V] {
	return kept[V]{lasts: lasts, most: most, young: make(map[addressbook.SID]V), since: time.Now()}
}

// put adds the value of a call, in the place of an earlier one.
func (k *kept[V]) put(call addressbook.SID, v V, now time.Time) {
	if k.age(now); len(k.young) >= k.most/2 {
		k.turn(now)
	}
	delete(k.old, call)
	k.young[call] = v
}

// get returns the value of a call.
func (k *kept[V]) get(call addressbook.SID) (v V, ok bool) {
	if v, ok = k.young[call]; !ok {
		v, ok = k.old[call]
	}
	return v, ok
}

// remove removes the value of a call.
func (k *kept[V]) remove(call addressbook.SID) {
	delete(k.young, call)
	delete(k.old, call)
}

// age drops values that are too old. Between two calls of put, it is called now and then.
func (k *kept[V]) age(now time.Time) {
	if now.Sub(k.since) >= k.lasts {
		k.turn(now)
	}
}

// turn begins a new generation.
func (k *kept[V]) turn(now time.Time) {
	k.old, k.young, k.since = k.young, make(map[addressbook.SID]V), now
}
