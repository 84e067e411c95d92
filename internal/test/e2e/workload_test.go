package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// workload is what several clients do to one account, over servers that share a
// database. Servers and database may go and come back at any moment: a client
// sends what was not answered again, to any server, until it is.
type workload struct {
	t     *testing.T
	auth  credentials
	http  *http.Client
	lists []string // sids
	seed  uint64

	mu   sync.RWMutex
	urls []string // of the servers, as they are now

	stopping  atomic.Bool
	clients   sync.WaitGroup
	workers   []*worker
	importers []*importWorker

	// What happened so far.
	done, broken, refused, replayed atomic.Int64
}

const sharedLists = 3

// newWorkload makes the lists that the clients share.
func newWorkload(t *testing.T, auth credentials, seed uint64, servers ...*server) *workload {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	w := &workload{t: t, auth: auth, seed: seed, http: &http.Client{Transport: transport, Timeout: 2 * time.Minute}}
	for _, s := range servers {
		w.urls = append(w.urls, s.URL)
	}
	for i := range sharedLists {
		list, err := w.client(0).newList(fmt.Sprint("Shared ", i))
		if err != nil {
			t.Fatal(err)
		}
		w.lists = append(w.lists, list)
	}
	return w
}

// client calls server i.
func (w *workload) client(i int) *client {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return &client{http: w.http, base: w.urls[i] + "/v2/accounts/" + w.auth.AccountSID, auth: w.auth}
}

// moved tells where server i is now.
func (w *workload) moved(i int, s *server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.urls[i] = s.URL
}

// begin starts so many clients that write and so many that import files, or half
// of them when the tests are to be short.
func (w *workload) begin(workers, importers int) {
	if testing.Short() {
		workers, importers = workers/2, importers/2
	}
	for id := range workers {
		worker := &worker{persistent: w.persistent(id)}
		w.workers = append(w.workers, worker)
		w.clients.Go(worker.run)
	}
	for id := range importers {
		worker := &importWorker{persistent: w.persistent(workers + id)}
		w.importers = append(w.importers, worker)
		w.clients.Go(worker.run)
	}
}

func (w *workload) persistent(id int) persistent {
	return persistent{workload: w, id: id, rand: rand.New(rand.NewPCG(w.seed, uint64(id)))}
}

// end lets the clients end what they are at.
func (w *workload) end() {
	w.stopping.Store(true)
	w.clients.Wait()
	w.t.Logf("%d requests were answered; %d broke off, %d were refused with 503, %d answers were given again",
		w.done.Load(), w.broken.Load(), w.refused.Load(), w.replayed.Load())
}

// progress waits until the clients have had so many answers more.
func (w *workload) progress(answers int64) {
	w.t.Helper()
	before := w.done.Load()
	if !waitFor(patience, func() bool { return w.done.Load() >= before+answers || w.t.Failed() }) {
		w.t.Errorf("the clients do not get on: %d answers", w.done.Load()-before)
	}
}

// patience is how long a client tries, and a test waits for something to happen.
const patience = 2 * time.Minute

// persistent is a client that gets its answer. It is one goroutine's, and its
// contacts are nobody else's.
type persistent struct {
	*workload
	id   int
	rand *rand.Rand
	made int // numbers and names
}

// number makes one up that nobody else does.
func (p *persistent) number() string {
	p.made++
	return fmt.Sprintf("+919%02d%07d", p.id, p.made)
}

// insist makes a request until it is answered, each time to any server. Again
// tells that an earlier attempt may have been done too.
func (p *persistent) insist(method, path, contentType, key string, body []byte) (got answer, again bool, err error) {
	for end := time.Now().Add(patience); ; again = true {
		p.mu.RLock()
		base := p.urls[p.rand.IntN(len(p.urls))] + "/v2/accounts/" + p.auth.AccountSID
		p.mu.RUnlock()
		req, err := http.NewRequest(method, base+path, bytes.NewReader(body))
		if err != nil {
			return answer{}, again, err
		}
		req.SetBasicAuth(p.auth.APIKey, p.auth.APIToken)
		req.Header.Set("Content-Type", contentType)
		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}
		got, err = send(p.http, req)
		switch {
		case err != nil:
			p.broken.Add(1)
		case got.status == http.StatusServiceUnavailable:
			p.refused.Add(1)
			if err := isUnavailable(got); err != nil {
				return got, again, err
			}
		case got.status == http.StatusConflict && key != "": // an earlier attempt is still being done
		default:
			if got.header.Get("Idempotency-Replayed") == "true" {
				p.replayed.Add(1)
			}
			return got, again, nil
		}
		if time.Now().After(end) {
			return got, again, fmt.Errorf("%s %s: no answer in %v; the last was %d %s (%v)", method, path, patience, got.status, got.body, err)
		}
		// A client that is refused comes back in a moment, and not at once.
		<-time.After(time.Duration(1+p.rand.IntN(50)) * time.Millisecond)
	}
}

// isUnavailable checks the answer of a server that cannot serve now.
func isUnavailable(got answer) error {
	refusal, err := got.refusal()
	if err != nil {
		return err
	}
	if got.status != http.StatusServiceUnavailable || refusal.Response.ErrorData.Code != 1503 || got.header.Get("Retry-After") == "" {
		return fmt.Errorf("got %d, Retry-After %q, %s", got.status, got.header.Get("Retry-After"), got.body)
	}
	return nil
}
