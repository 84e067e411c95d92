package addressbook

// A weight estimates how much memory something takes, in bytes, from the read until the
// answer is sent. It is rather too high than too low.
const (
	fixedWeight = 1000 // any contact or list, with all keys of its answer
	refWeight   = 120  // a list in the answer of a contact
	// textWeight is the weight of a byte of text: one when it is read, and up to six in
	// JSON, where control characters are escaped.
	textWeight = 7
	// jsonWeight is the weight of a byte of JSON, which the answer repeats unchanged.
	jsonWeight = 2
)

// Weight estimates the memory of a contact, in bytes.
func (c *Contact) Weight() int64 {
	texts := 0
	for i := range c.Texts {
		texts += len(c.Texts[i].Value)
	}
	return fixedWeight + textWeight*int64(texts) + jsonWeight*int64(len(c.CustomField))
}

// Weight estimates the memory of a list, in bytes.
func (l *List) Weight() int64 {
	return fixedWeight + textWeight*int64(len(l.Name)+len(l.Tag.Value))
}

// Weight estimates the memory of a list in the answer of a contact, in bytes.
func (r *ListRef) Weight() int64 { return refWeight + textWeight*int64(len(r.Name)) }
