package phone

import (
	"sync"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// Zones returns the time zones in which the number may be, from libphonenumber's
// metadata. Most numbers have one. Numbers of large countries whose digits do not tell
// have several. Unknown and erased numbers have none.
func (n Number) Zones() []*time.Location {
	if n.Erased() {
		return nil
	}
	names, err := phonenumbers.GetTimezonesForPrefix(n.String())
	if err != nil {
		return nil
	}
	var zones []*time.Location
	for _, name := range names {
		if zone := zoneOf(name); zone != nil && name != phonenumbers.UNKNOWN_TIMEZONE {
			zones = append(zones, zone)
		}
	}
	return zones
}

// loadedZones caches zones, because loading one reads a file.
var loadedZones sync.Map // of *time.Location by its name

// zoneOf returns a zone by its name, or nil.
func zoneOf(name string) *time.Location {
	if zone, ok := loadedZones.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	loadedZones.Store(name, zone)
	return zone
}
