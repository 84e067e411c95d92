package person_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"callbook/internal/person"
)

// TestPlaces: somebody has thought of each table of both engines.
func TestPlaces(t *testing.T) {
	files, err := filepath.Glob("../store/*/schema.sql")
	if err != nil || len(files) != 2 {
		t.Fatalf("got %v, %v", files, err)
	}
	tables := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^CREATE (?:VIRTUAL )?TABLE (\w+)`).FindAllSubmatch(text, -1) {
			tables[string(found[1])] = true
		}
	}
	for table := range tables {
		if _, ok := person.Places[table]; !ok {
			t.Errorf("nobody has said in places.go what an erasure does with the table %s", table)
		}
	}
	for table := range person.Places {
		if !tables[table] {
			t.Errorf("places.go has a table %s, and no engine has", table)
		}
	}
}
