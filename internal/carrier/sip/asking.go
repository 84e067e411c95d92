package sip

import (
	"errors"
	"log/slog"
	"slices"
	"sync"

	gosip "github.com/emiago/sipgo/sip"
)

// asking has the transactions, by their keys. The library could keep them, but would pass their
// answers on in any order.
type asking struct {
	stray   func(*gosip.Response) // takes the answers that no transaction takes
	passing sync.WaitGroup        // of answers

	mu    sync.Mutex
	of    map[string]*asked
	ended bool
}

// asked is a transaction.
type asked struct {
	tx *gosip.ClientTx

	mu      sync.Mutex
	waiting []*gosip.Response // answers that the transaction has not taken yet
	passing bool              // pass runs
}

// noLog is the log of transactions.
var noLog = slog.New(slog.DiscardHandler)

var errBranch = errors.New("there is such a transaction already")

// begin begins a transaction.
func (a *asking) begin(req *gosip.Request, conn gosip.Connection) (gosip.ClientTransaction, error) {
	key, err := gosip.ClientTxKeyMake(req)
	if err != nil {
		return nil, err
	}
	tx := gosip.NewClientTx(key, req, conn, noLog)
	a.mu.Lock()
	if a.of == nil {
		a.of = make(map[string]*asked)
	}
	_, twice := a.of[key]
	if !twice {
		a.of[key] = &asked{tx: tx}
	}
	a.mu.Unlock()
	if twice {
		_, _ = conn.TryClose() // it only counts who uses the connection
		return nil, errBranch
	}
	tx.OnTerminate(a.end)
	if err := tx.Init(); err != nil {
		tx.Terminate()
		return nil, err
	}
	return tx, nil
}

// end forgets a transaction that is over.
func (a *asking) end(key string, _ error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.of, key)
}

// receive passes an answer to its transaction, or to stray if it has none any more.
func (a *asking) receive(res *gosip.Response) {
	key, _ := gosip.ClientTxKeyMake(res)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch one := a.of[key]; {
	case a.ended: // whoever waits for passing may have done so
	case one == nil:
		a.passing.Go(func() { a.stray(res) })
	case one.queue(res):
		a.passing.Add(1) // Go would allocate, for each answer
		go one.pass(&a.passing)
	}
}

// endAll ends all transactions. Answers that come later are dropped.
func (a *asking) endAll() {
	a.mu.Lock()
	a.ended = true
	var all []*asked
	for _, one := range a.of {
		all = append(all, one)
	}
	a.mu.Unlock()
	for _, one := range all {
		one.tx.Terminate()
	}
}

// maxWaiting is how many answers may wait for a transaction. Further answers are dropped. The
// last place is for a final answer. Answers wait because a transaction takes a repeated final
// answer other than 2xx only every four seconds.
const maxWaiting = 32

// queue adds an answer to those that wait. It reports whether the caller has to call pass.
func (a *asked) queue(res *gosip.Response) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.waiting); n == maxWaiting || n == maxWaiting-1 && res.IsProvisional() {
		return false
	}
	a.waiting = append(a.waiting, res)
	first := !a.passing
	a.passing = true
	return first
}

// pass passes the answers that wait to the transaction, in the order in which they came:
// whether the telephone has rung before the final answer says what that means. Wg counts it.
func (a *asked) pass(wg *sync.WaitGroup) {
	defer wg.Done()
	for res := a.next(); res != nil; res = a.next() {
		a.tx.Receive(res)
	}
}

// next takes the first answer that waits. It returns nil if there is none, and then pass is
// over.
func (a *asked) next() *gosip.Response {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) == 0 {
		a.passing = false
		return nil
	}
	res := a.waiting[0]
	a.waiting = slices.Delete(a.waiting, 0, 1)
	return res
}
