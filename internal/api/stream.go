package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
)

const (
	// streamTimeout bounds the time to send a streamed page.
	streamTimeout = time.Hour
	// streamPiece is how many bytes one write sends. streamLists is how many lists one
	// query reads; a list takes up to 2 KiB of memory.
	streamPiece = 64 << 10
	streamLists = 500
	streamBytes = 2*streamPiece + streamLists*(2<<10)
)

// streamPage answers with a page of contacts that have too many lists for memory. It
// reads the lists piece by piece while it sends the answer.
func (a *API) streamPage(r *http.Request, w window, page addressbook.Page) (reply, error) {
	acct := accountOf(r)
	if err := budget.Of(r.Context()).Take(r.Context(), streamBytes); err != nil {
		return reply{}, err
	}
	done, err := a.gate.download(acct.ID)
	if err != nil {
		return reply{}, err
	}
	answer := newReply(r, http.StatusOK)
	head := append(w.appendMetadata(answer.body, len(page.Contacts), page.Total), `,"response":[`...)
	answer.body = nil
	answer.stream = func(to io.Writer) error {
		defer done()
		if r.Method == http.MethodHead {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), streamTimeout)
		defer cancel()
		s := &pageStream{to: to, b: head, encoder: newEncoder(acct), rest: func(sid addressbook.SID, after string) ([]addressbook.ListRef, error) {
			return a.book.ListsOf(ctx, acct, sid, after, streamLists)
		}}
		return s.write(page)
	}
	return answer, nil
}

// pageStream writes the items of a page and the end of the answer.
type pageStream struct {
	to      io.Writer
	b       []byte // not yet written
	encoder *encoder
	rest    func(contact addressbook.SID, after string) ([]addressbook.ListRef, error)
}

func (s *pageStream) write(page addressbook.Page) error {
	for i := range page.Contacts {
		if i > 0 {
			s.b = append(s.b, ',')
		}
		s.b = append(s.b, successItem...)
		s.b = s.encoder.contactWithLists(s.b, &page.Contacts[i], page.Lists[i])
		if page.MoreLists[i] {
			if err := s.moreLists(page.Contacts[i].SID, page.Lists[i]); err != nil {
				return err
			}
		}
		s.b = append(s.b, '}')
		if err := s.flush(streamPiece); err != nil {
			return err
		}
	}
	s.b = append(s.b, `]}`...)
	return s.flush(0)
}

// moreLists appends the lists of a contact that come after those in shown.
func (s *pageStream) moreLists(contact addressbook.SID, shown []addressbook.ListRef) error {
	const end = `]}`
	s.b = s.b[:len(s.b)-len(end)]
	last := shown[len(shown)-1].Name
	for {
		lists, err := s.rest(contact, last)
		if err != nil {
			return err
		}
		for i := range lists {
			s.b = appendListRef(append(s.b, ','), &lists[i])
		}
		if len(lists) < streamLists {
			s.b = append(s.b, end...)
			return nil
		}
		last = lists[len(lists)-1].Name
		if err := s.flush(streamPiece); err != nil {
			return err
		}
	}
}

// flush writes b if it has at least least bytes.
func (s *pageStream) flush(least int) error {
	if len(s.b) < least {
		return nil
	}
	_, err := s.to.Write(s.b)
	s.b = s.b[:0]
	return err
}
