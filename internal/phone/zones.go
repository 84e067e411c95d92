package phone

import (
	"time"

	"github.com/nyaruka/phonenumbers"
)

// Zones returns the time zones that the number may be in, as libphonenumber's metadata
// has them by prefix: one for most numbers, several for those of large countries whose
// digits do not tell, and none where nothing is known.
func (n Number) Zones() []*time.Location {
	names, err := phonenumbers.GetTimezonesForPrefix(n.String())
	if err != nil {
		return nil
	}
	var zones []*time.Location
	for _, name := range names {
		if zone, err := time.LoadLocation(name); err == nil && name != phonenumbers.UNKNOWN_TIMEZONE {
			zones = append(zones, zone)
		}
	}
	return zones
}
