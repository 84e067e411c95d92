package addressbook

// SortField is what a page of contacts is sorted by. Contacts that are equal
// in it are sorted by their sids, in the same direction.
type SortField uint8

// The sort fields. The zero one is the order of creation.
const (
	ByCreated SortField = iota
	ByUpdated
	ByName // first and last name, without regard to case
)

// Query asks for one page of an account's contacts.
type Query struct {
	Offset int // how many contacts to pass over, 0 or more
	Limit  int // how many contacts at most, 1 or more
	Sort   SortField
	Desc   bool
}

// Page is the answer to a Query.
type Page struct {
	Contacts []Contact
	Total    int // contacts in the account, whatever the page
}
