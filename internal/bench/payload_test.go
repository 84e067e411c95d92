package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"callbook/internal/phone"
)

func TestNumbersAreUniqueAndRandom(t *testing.T) {
	g := newGenerator(1)
	const n = 200_000
	numbers := make([]uint64, n)
	rises := 0
	for i := range numbers {
		numbers[i] = g.number()
		if i > 0 && numbers[i] > numbers[i-1] {
			rises++
		}
		if numbers[i] < firstMobile || numbers[i] >= firstMobile+mobiles {
			t.Fatalf("%d is no Indian mobile number", numbers[i])
		}
		if i < 1000 {
			if _, err := phone.ParseE164("+" + strconv.FormatUint(numbers[i], 10)); err != nil {
				t.Fatalf("%d: %v", numbers[i], err)
			}
		}
	}
	// Of a random series one half rises; 2 % are 18 standard deviations.
	if rises < n*48/100 || rises > n*52/100 {
		t.Errorf("%d of %d numbers are greater than the one before, want about half", rises, n)
	}
	tenths := make([]int, 10)
	for _, number := range numbers {
		tenths[(number-firstMobile)/(mobiles/10)]++
	}
	for i, count := range tenths {
		if count < n/10*9/10 || count > n/10*11/10 {
			t.Errorf("%d numbers are in part %d of ten, want about %d", count, i, n/10)
		}
	}
	slices.Sort(numbers)
	if left := len(slices.Compact(numbers)); left != n {
		t.Errorf("%d of %d numbers are repeats", n-left, n)
	}
}

func TestSeed(t *testing.T) {
	if !bytes.Equal(newGenerator(7).body(10), newGenerator(7).body(10)) {
		t.Error("the same seed made two different bodies")
	}
	if bytes.Equal(newGenerator(7).body(10), newGenerator(8).body(10)) {
		t.Error("two seeds made the same body")
	}
}

func TestBody(t *testing.T) {
	body := newGenerator(1).body(bulk)
	var request struct {
		Contacts []map[string]any `json:"contacts"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		t.Fatal(err)
	}
	if len(request.Contacts) != bulk {
		t.Fatalf("the body has %d contacts, want %d", len(request.Contacts), bulk)
	}
	if len(body) < 1_100_000 || len(body) > 1_300_000 {
		t.Errorf("the body has %d bytes, want about 1.2 MB", len(body))
	}
	for _, key := range []string{"number", "first_name", "last_name", "company_name", "email", "tag"} {
		if s, ok := request.Contacts[0][key].(string); !ok || s == "" {
			t.Errorf("%s is %v, want some text", key, request.Contacts[0][key])
		}
	}
	custom, _ := request.Contacts[0]["custom_field"].(map[string]any)
	if _, nested := custom["address"].(map[string]any); !nested {
		t.Errorf("custom_field is %v, want an object in an object", custom)
	}
}

func TestRows(t *testing.T) {
	rows := newGenerator(1).rows(1000)
	same := newGenerator(1)
	for i := range rows {
		if i > 0 && bytes.Compare(rows[i-1].sid[:], rows[i].sid[:]) >= 0 {
			t.Fatalf("sid %d does not rise", i)
		}
	}
	// Rows and bodies draw from the same contacts, apart from the sids.
	if want := same.contact(); rows[0].contact != want {
		t.Errorf("the first row is %v, want %v", rows[0].contact, want)
	}
}
