package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// worker creates, changes and deletes contacts, and puts them into the shared
// lists and takes them out again. It knows what is to be there.
type worker struct {
	persistent
	held []*holding
	keys int
}

// holding is a contact that a worker has.
type holding struct {
	sid, number, firstName string
	lists                  [sharedLists]bool
}

func (w *worker) run() {
	for !w.stopping.Load() && !w.t.Failed() {
		if err := w.step(); err != nil {
			w.t.Errorf("worker %d: %v", w.id, err)
			return
		}
		w.done.Add(1)
	}
}

// step does one request.
func (w *worker) step() error {
	switch {
	case len(w.held) < 20:
		return w.create(500)
	case len(w.held) > 3000: // a long test is none of a large account
		return w.remove(slices.Clone(w.held[:1000]))
	}
	switch list := w.rand.IntN(sharedLists); w.rand.IntN(10) {
	case 0, 1, 2:
		return w.create([]int{1, 20, 500}[w.rand.IntN(3)])
	case 3, 4:
		return w.change(w.some(nil))
	case 5:
		return w.remove(w.some(nil))
	case 6, 7:
		return w.enlist(list, w.some(func(h *holding) bool { return !h.lists[list] }))
	default:
		return w.strike(list, w.some(func(h *holding) bool { return h.lists[list] }))
	}
}

// some picks up to 40 of those that may be picked.
func (w *worker) some(may func(*holding) bool) []*holding {
	var some []*holding
	for _, i := range w.rand.Perm(len(w.held))[:1+w.rand.IntN(min(40, len(w.held)))] {
		if may == nil || may(w.held[i]) {
			some = append(some, w.held[i])
		}
	}
	return some
}

func (w *worker) create(contacts int) error {
	fresh := make([]*holding, contacts)
	body := make([]contact, contacts)
	for i := range fresh {
		fresh[i] = &holding{number: w.number(), firstName: "new"}
		body[i] = contact{Number: fresh[i].number, FirstName: fresh[i].firstName}
	}
	items, err := w.do(http.MethodPost, "/contacts", contactsBody(body), contacts, http.StatusConflict)
	if err != nil {
		return err
	}
	for i, item := range items {
		if item.Data == nil || item.Data.Number != fresh[i].number {
			return fmt.Errorf("contact %s was answered with %+v", fresh[i].number, item)
		}
		fresh[i].sid = item.Data.SID
	}
	w.held = append(w.held, fresh...)
	return nil
}

func (w *worker) change(some []*holding) error {
	w.made++
	name := fmt.Sprint("changed ", w.made)
	body := make([]contact, len(some))
	for i, h := range some {
		body[i] = contact{SID: h.sid, Number: h.number, FirstName: name}
	}
	_, err := w.do(http.MethodPut, "/contacts", contactsBody(body), len(some), http.StatusOK)
	for _, h := range some {
		h.firstName = name
	}
	return err
}

func (w *worker) remove(some []*holding) error {
	body := make([]contact, len(some))
	for i, h := range some {
		body[i] = contact{SID: h.sid}
	}
	_, err := w.do(http.MethodDelete, "/contacts", contactsBody(body), len(some), http.StatusNotFound)
	w.held = slices.DeleteFunc(w.held, func(h *holding) bool { return slices.Contains(some, h) })
	return err
}

func (w *worker) enlist(list int, some []*holding) error {
	return w.member(http.MethodPost, list, some, http.StatusConflict)
}

func (w *worker) strike(list int, some []*holding) error {
	return w.member(http.MethodDelete, list, some, http.StatusNotFound)
}

func (w *worker) member(method string, list int, some []*holding, doneBefore int) error {
	if len(some) == 0 {
		return nil
	}
	type reference struct {
		Contact string `json:"contact_sid"`
	}
	references := make([]reference, len(some))
	for i, h := range some {
		references[i].Contact = h.sid
	}
	body, err := json.Marshal(map[string][]reference{"contact_references": references})
	if err != nil {
		return err
	}
	_, err = w.do(method, "/lists/"+w.lists[list]+"/contacts", body, len(some), doneBefore)
	for _, h := range some {
		h.lists[list] = method == http.MethodPost
	}
	return err
}

// do makes a bulk request, half of the time under a key. All its items must
// have gone well; where an earlier attempt may have been done and no key says
// so, they may also all tell by this code that it was.
func (w *worker) do(method, path string, body []byte, count, doneBefore int) ([]item, error) {
	key := ""
	if w.rand.IntN(2) == 0 {
		w.keys++
		key = fmt.Sprintf("worker-%d-%d", w.id, w.keys)
	}
	got, again, err := w.insist(method, path, "application/json", key, body)
	if err != nil {
		return nil, err
	}
	bulk, err := got.bulk(count)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	code := bulk.Response[0].Code
	if code != http.StatusOK && (code != doneBefore || !again || key != "") {
		return nil, fmt.Errorf("%s %s (key %q, sent again: %t) was answered with %+v", method, path, key, again, bulk.Response[0].ErrorData)
	}
	for i, item := range bulk.Response {
		if item.Code != code {
			return nil, fmt.Errorf("%s %s was done in part: item 0 has %d, item %d %d", method, path, code, i, item.Code)
		}
	}
	return bulk.Response, nil
}
