package api_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"callbook/internal/test/servertest"
)

// outcomes is what clients were told of each number.
type outcomes struct {
	mu      sync.Mutex
	created map[string][]string        // number to the sids of its 200s
	told    map[string]map[string]bool // number to the sids of its 409s
}

func (o *outcomes) add(t *testing.T, number string, item servertest.Item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if item.Data == nil || item.Data.Number != number {
		t.Errorf("%s got %+v", number, item)
		return
	}
	switch item.Code {
	case 200:
		o.created[number] = append(o.created[number], item.Data.SID)
	case 409:
		if o.told[number] == nil {
			o.told[number] = make(map[string]bool)
		}
		o.told[number][item.Data.SID] = true
	default:
		t.Errorf("%s got %d, %+v", number, item.Code, item.Error)
	}
}

// check holds what was told against each other and against what is stored.
func (o *outcomes) check(t *testing.T, stored []servertest.Contact) {
	t.Helper()
	if len(stored) != len(o.created) {
		t.Errorf("%d contacts are stored, %d were created", len(stored), len(o.created))
	}
	for _, contact := range stored {
		sids := o.created[contact.Number]
		if len(sids) != 1 || sids[0] != contact.SID {
			t.Errorf("%s is stored under %s, created were %q", contact.Number, contact.SID, sids)
		}
		for told := range o.told[contact.Number] {
			if told != contact.SID {
				t.Errorf("%s is %s, a 409 said %s", contact.Number, contact.SID, told)
			}
		}
	}
}

const (
	crowd       = 64
	crowdPosts  = 4 // requests a client
	crowdItems  = 50
	crowdPool   = 500 // different numbers
	crowdAllAsk = crowd * crowdPosts
)

// crowdPost is what the n-th client posts the k-th time: numbers from a small
// pool, some twice, now and then so many that the request counts as a large
// one.
func crowdPost(n, k int) (numbers []string, body string) {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(k)))
	count := crowdItems
	if n%32 == k {
		count = 700
	}
	items := make([]string, count)
	for range items {
		numbers = append(numbers, numbered(rng.IntN(crowdPool)))
	}
	for i, number := range numbers {
		items[i] = fmt.Sprintf(`{"number":%q,"first_name":"%d","tag":%q}`, number, n, strings.Repeat("x", 40))
	}
	return numbers, servertest.Contacts(items...)
}

// TestCrowd: many clients post overlapping numbers at once. Each number is
// created for exactly one of them.
func TestCrowd(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	told := outcomes{created: make(map[string][]string), told: make(map[string]map[string]bool)}
	var wg sync.WaitGroup
	start := make(chan struct{})
	for n := range crowd {
		wg.Go(func() {
			<-start
			for k := range crowdPosts {
				numbers, body := crowdPost(n, k)
				a, err := c.Try("POST", c.Path("/contacts"), strings.NewReader(body))
				if err != nil || a.Status != 207 {
					t.Errorf("got %d, %v", a.Status, err)
					return
				}
				for i, item := range a.Bulk(t).Response {
					told.add(t, numbers[i], item)
				}
			}
		})
	}
	close(start)
	wg.Wait()
	told.check(t, walk(t, c, "limit=1000"))
}

// TestCrowdAcrossRestart: the same, with the server stopped in the middle and
// started again over the same file. Nobody is told of a contact that was not
// kept, or twice of one.
func TestCrowdAcrossRestart(t *testing.T) {
	if testing.Short() {
		t.Skip("TestCrowd and the model race the same")
	}
	t.Parallel()
	path := servertest.NewDatabase(t)
	first := servertest.Start(t, servertest.Options{Path: path})
	var current atomic.Pointer[servertest.Client]
	current.Store(first.Account("demo"))
	told := outcomes{created: make(map[string][]string), told: make(map[string]map[string]bool)}

	var answered atomic.Int64
	half, restarted := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for n := range crowd {
		wg.Go(func() {
			for k := range crowdPosts {
				numbers, body := crowdPost(n, k)
				post := func() (servertest.Answer, error) {
					c := current.Load()
					return c.Try("POST", c.Path("/contacts"), strings.NewReader(body))
				}
				a, err := post()
				if err != nil || a.Status == 503 {
					<-restarted
					a, err = post()
				}
				if answered.Add(1) == crowdAllAsk/2 {
					close(half)
				}
				if err != nil || a.Status != 207 {
					t.Errorf("got %d, %v", a.Status, err)
					continue
				}
				for i, item := range a.Bulk(t).Response {
					told.add(t, numbers[i], item)
				}
			}
		})
	}
	<-half
	first.Stop()
	c := current.Load().At(servertest.Start(t, servertest.Options{Path: path}))
	current.Store(c)
	close(restarted)
	wg.Wait()
	told.check(t, walk(t, c, "limit=1000"))
}
