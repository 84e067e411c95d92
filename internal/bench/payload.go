package main

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"time"
)

// contact is a made-up contact: what a request sends, and what the floor
// writes.
type contact struct {
	number  uint64 // E.164 without its plus
	first   string
	last    string
	company string
	email   string
	tag     string
	custom  string // a JSON object
}

// generator makes contacts. Their numbers are random and never come twice from
// one generator: an arithmetic series would hide what an index by number costs,
// and a repeat would be answered as a duplicate. It is not safe for concurrent
// use.
type generator struct {
	rand *rand.Rand
	keys [feistelRounds]uint32
	next uint32 // the place in the shuffled order of all numbers

	created int64 // of the last row
}

const (
	feistelRounds = 6
	// Ten digits of which the first is 6 to 9: an Indian mobile number.
	firstMobile = 91_6_000_000_000
	mobiles     = 4_000_000_000
)

func newGenerator(seed uint64) *generator {
	g := &generator{rand: rand.New(rand.NewPCG(seed, 0x63616c6c626f6f6b))}
	for i := range g.keys {
		g.keys[i] = g.rand.Uint32()
	}
	return g
}

// number is the next of a shuffle of all mobile numbers. A Feistel network
// shuffles the 32-bit numbers without a table of those that were used; the
// few beyond the last mobile are passed over.
func (g *generator) number() uint64 {
	for {
		n := g.next
		g.next++
		left, right := n>>16, n&0xffff
		for _, key := range g.keys {
			mixed := (right ^ key) * 0x9e3779b1
			left, right = right, left^(mixed>>16)
		}
		if n = left<<16 | right; n < mobiles {
			return firstMobile + uint64(n)
		}
	}
}

var (
	firstNames = []string{"Aarav", "Asha", "Bhavna", "Chandra", "Deepika", "Farhan", "Gayatri", "Harish", "Indira", "Jyoti", "Karthik", "Lakshmi", "Meenakshi", "Nikhil", "Padma", "Rajeshwari", "Sandeep", "Tanvi", "Vikram", "आशा", "विक्रम"}
	lastNames  = []string{"Agarwal", "Banerjee", "Chatterjee", "Desai", "Fernandes", "Gupta", "Iyer", "Joshi", "Krishnamurthy", "Mehta", "Nair", "Patel", "Reddy", "Sharma", "Subramanian", "Venkatesan", "शर्मा"}
	companies  = []string{"Anand Textiles Pvt Ltd", "Bharat Logistics", "Coromandel Foods", "Deccan Motors", "Ganga Finance Ltd", "Himalaya Clinics", "Kaveri Software", "Malabar Traders", "Narmada Power"}
	tags       = []string{"Member", "Lead", "Customer", "Prospect", "Renewal"}
	plans      = []string{"gold", "silver", "basic", "trial"}
	cities     = []string{"Bengaluru", "Chennai", "Hyderabad", "Kolkata", "Mumbai", "New Delhi", "Pune"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (g *generator) contact() contact {
	r := g.rand
	c := contact{
		number:  g.number(),
		first:   pick(r, firstNames),
		last:    pick(r, lastNames),
		company: pick(r, companies),
		tag:     pick(r, tags),
	}
	email := append(make([]byte, 0, 32), "user."...)
	email = strconv.AppendUint(email, r.Uint64N(1e9), 36)
	c.email = string(append(email, "@mail.example.com"...))

	custom := append(make([]byte, 0, 96), `{"plan":"`...)
	custom = append(custom, pick(r, plans)...)
	custom = append(custom, `","address":{"city":"`...)
	custom = append(custom, pick(r, cities)...)
	custom = append(custom, `","pin":"`...)
	custom = strconv.AppendUint(custom, 110000+r.Uint64N(700000), 10)
	custom = append(custom, `"},"visits":`...)
	custom = strconv.AppendUint(custom, r.Uint64N(300), 10)
	c.custom = string(append(custom, '}'))
	return c
}

// body returns a request with n new contacts.
func (g *generator) body(n int) []byte {
	const bytesEach = 256
	b := append(make([]byte, 0, n*bytesEach+64), `{"contacts":[`...)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		c := g.contact()
		b = c.appendJSON(b)
	}
	return append(b, "]}"...)
}

// bodies returns requests of n new contacts each.
func (g *generator) bodies(requests, n int) [][]byte {
	all := make([][]byte, requests)
	for i := range all {
		all[i] = g.body(n)
	}
	return all
}

// appendJSON appends the contact as a request spells it. Nothing in it needs
// to be escaped.
func (c *contact) appendJSON(b []byte) []byte {
	b = append(b, `{"number":"+`...)
	b = strconv.AppendUint(b, c.number, 10)
	b = append(append(b, `","first_name":"`...), c.first...)
	b = append(append(b, `","last_name":"`...), c.last...)
	b = append(append(b, `","company_name":"`...), c.company...)
	b = append(append(b, `","email":"`...), c.email...)
	b = append(append(b, `","tag":"`...), c.tag...)
	b = append(append(b, `","custom_field":`...), c.custom...)
	return append(b, '}')
}

// row is a contact as the contacts table holds it.
type row struct {
	contact
	sid     [16]byte
	created int64
}

// rows returns the next n contacts as rows.
func (g *generator) rows(n int) []row {
	all := make([]row, n)
	for i := range all {
		all[i] = g.row(g.contact())
	}
	return all
}

// row returns the contact as a row, with a sid that rises as the server's do.
func (g *generator) row(c contact) row {
	g.created = max(g.created+1, time.Now().UnixNano())
	r := row{contact: c, created: g.created}
	binary.BigEndian.PutUint64(r.sid[:8], uint64(r.created))
	binary.BigEndian.PutUint64(r.sid[8:], g.rand.Uint64())
	return r
}
