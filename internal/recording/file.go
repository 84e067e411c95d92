package recording

import (
	"context"
	"errors"
	"fmt"
	"io"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/wav"
)

// FileBytes is the memory that a [File] takes at most, in bytes.
const FileBytes = 4 * PieceSamples

// File is a recording as a WAV file of 16 bits. It has one piece in memory at a time. It
// is not safe for concurrent use.
type File struct {
	Recording
	header []byte
	at     int64 // in bytes
	read   func(piece int) ([]byte, error)
	piece  int    // the number of the piece in sound
	sound  []byte // as in the file
}

var _ io.ReadSeeker = (*File)(nil)

// Open returns the recording of a call, or [ErrNotThere]. The file reads from the store
// until ctx ends.
func (rs *Recordings) Open(ctx context.Context, acct account.Account, campaign, call addressbook.SID) (*File, error) {
	read := func(piece int) (Recording, []byte, error) {
		r, sound, err := rs.store.Recording(ctx, acct.ID, campaign, call, piece)
		return r, wav.FromMuLawFile(sound), err
	}
	r, sound, err := read(0)
	if err != nil {
		return nil, err
	}
	return &File{Recording: r, header: wav.Header(r.Samples), sound: sound, read: func(piece int) ([]byte, error) {
		_, sound, err := read(piece)
		return sound, err
	}}, nil
}

// Size returns the size of the file in bytes.
func (f *File) Size() int64 { return int64(len(f.header)) + wav.SampleBytes*int64(f.Samples) }

// Read implements [io.Reader].
func (f *File) Read(p []byte) (int, error) {
	if f.at >= f.Size() {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), f.Size()-f.at)]
	if f.at < int64(len(f.header)) {
		n := copy(p, f.header[f.at:])
		f.at += int64(n)
		return n, nil
	}
	const pieceBytes = wav.SampleBytes * PieceSamples
	at := f.at - int64(len(f.header))
	if piece := int(at / pieceBytes); piece != f.piece {
		sound, err := f.read(piece)
		if err != nil {
			return 0, err
		}
		f.piece, f.sound = piece, sound
	}
	if at %= pieceBytes; at >= int64(len(f.sound)) {
		return 0, fmt.Errorf("read a recording: piece %d is cut off", f.piece)
	}
	n := copy(p, f.sound[at:])
	f.at += int64(n)
	return n, nil
}

// Seek implements [io.Seeker].
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.Size()
	}
	if offset < 0 {
		return 0, errors.New("read a recording: it was sought before its beginning")
	}
	f.at = offset
	return offset, nil
}
