package addressbook

// The weight of something is about how many bytes it takes until the client has
// it: as it is read, and in an answer. It is rather too much than too little.
const (
	fixedWeight = 1000 // what any contact or list has, with all keys of its answer
	refWeight   = 120  // what a list has beside a contact
	// textWeight is for a byte of a text: as it is read, and in JSON, where a
	// control character takes six.
	textWeight = 7
	// jsonWeight is for a byte of JSON, which goes into the answer as it is.
	jsonWeight = 2
)

// Weight returns about how many bytes the contact takes.
func (c *Contact) Weight() int64 {
	texts := 0
	for i := range c.Texts {
		texts += len(c.Texts[i].Value)
	}
	return fixedWeight + textWeight*int64(texts) + jsonWeight*int64(len(c.CustomField))
}

// Weight returns about how many bytes the list takes.
func (l *List) Weight() int64 {
	return fixedWeight + textWeight*int64(len(l.Name)+len(l.Tag.Value))
}

// Weight returns about how many bytes the list takes beside a contact.
func (r *ListRef) Weight() int64 { return refWeight + textWeight*int64(len(r.Name)) }
