package sqlite

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// The format of a log: https://sqlite.org/fileformat2.html#walformat.
const (
	logHeaderBytes   = 32
	saltsOffset      = 16
	frameHeaderBytes = 24
	logMagic         = 0x377f0682 // its lowest bit tells the byte order of the checksums
	logVersion       = 3007000
	maxPageBytes     = 65536
)

// versionOffset is where the file's first page has the version of the schema.
const versionOffset = 40

// readStamps reads what is committed in the log, as far as SQLite would. When the
// header is not valid, SQLite takes the log for empty; then damaged tells so, and
// found has what the frames behind the header say.
func readStamps(log io.Reader) (found logStamps, damaged bool, err error) {
	in := bufio.NewReaderSize(log, 1<<18) // a page fits
	header := make([]byte, logHeaderBytes)
	if err := readWhole(in, header); err != nil {
		return found, false, endOfLog(err)
	}
	sum := logSum{order: binary.LittleEndian}
	if u32(header, 0)&1 != 0 {
		sum.order = binary.BigEndian
	}
	size := u32(header, 8)
	sum.add(header[:saltsOffset+8])
	if u32(header, 0)&^1 == logMagic && u32(header, 4) == logVersion && size >= 512 && size <= maxPageBytes && sum.is(header[saltsOffset+8:]) {
		found, err = readFrames(in, size, header[saltsOffset:saltsOffset+8], sum)
		return found, false, err
	}
	found, err = readOrphans(in)
	return found, true, err
}

// readOrphans reads the frames of a log whose header is lost. What the first frame
// follows is worked out from its own checksum, so that it always fits; the others
// must follow it.
func readOrphans(in *bufio.Reader) (logStamps, error) {
	first, err := in.Peek(frameHeaderBytes + pageBytes)
	if err != nil {
		return logStamps{}, endOfLog(err)
	}
	sum := logSum{order: binary.LittleEndian, s0: u32(first, 16), s1: u32(first, 20)}
	sum.remove(first[frameHeaderBytes:])
	sum.remove(first[:8])
	return readFrames(in, pageBytes, bytes.Clone(first[8:16]), sum)
}

func u32(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }

// readFrames reads the frames of a log with pages of this size, as long as they
// have these salts and go on from this checksum.
func readFrames(in io.Reader, size uint32, salts []byte, sum logSum) (found logStamps, err error) {
	frame := make([]byte, frameHeaderBytes+size)
	var pending logStamps // of the transaction that is being read
	for {
		if err := readWhole(in, frame); err != nil {
			return found, endOfLog(err)
		}
		page := frame[frameHeaderBytes:]
		sum.add(frame[:8])
		sum.add(page)
		if !bytes.Equal(frame[8:16], salts) || u32(frame, 0) == 0 || !sum.is(frame[16:]) {
			return found, nil
		}
		if previous, current, ok := stampsOf(page); ok {
			if len(found.stamps)+len(pending.stamps) == 0 {
				pending.stamps = append(pending.stamps, previous)
			}
			pending.stamps = append(pending.stamps, current)
			pending.versions = append(pending.versions, current.schemaVersion())
		}
		if u32(frame, 0) == 1 {
			pending.versions = append(pending.versions, u32(page, versionOffset))
		}
		if committed := u32(frame, 4) != 0; committed {
			found.committed = true
			found.stamps = append(found.stamps, pending.stamps...)
			found.versions = append(found.versions, pending.versions...)
			pending = logStamps{}
		}
	}
}

func readWhole(r io.Reader, into []byte) error {
	_, err := io.ReadFull(r, into)
	return err
}

// endOfLog makes no error of the end.
func endOfLog(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// logSum is the running checksum of a log.
type logSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (s *logSum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		s.s0 += s.order.Uint32(b) + s.s1
		s.s1 += s.order.Uint32(b[4:]) + s.s0
	}
}

// remove takes back what add did with the same bytes.
func (s *logSum) remove(b []byte) {
	for ; len(b) >= 8; b = b[:len(b)-8] {
		last := b[len(b)-8:]
		s.s1 -= s.order.Uint32(last[4:]) + s.s0
		s.s0 -= s.order.Uint32(last) + s.s1
	}
}

func (s *logSum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == s.s0 && binary.BigEndian.Uint32(b[4:]) == s.s1
}

// stampCell begins the one row of log_stamp on its page: 60 bytes of the row
// with id 1, of which 4 say that blobs of 16, 20 and 20 bytes follow, and the
// first of those.
var stampCell = append([]byte{60, 1, 4, 44, 52, 52}, "callbook's stamp"...)

// stampsOf reads the row of log_stamp from a page, if it is the row's.
func stampsOf(page []byte) (previous, current stamp, ok bool) {
	const leafOfTable, pointer = 0x0d, 8
	if page[0] != leafOfTable || binary.BigEndian.Uint16(page[3:]) != 1 {
		return previous, current, false
	}
	at := int(binary.BigEndian.Uint16(page[pointer:]))
	end := at + len(stampCell) + len(previous) + len(current)
	if end > len(page) || !bytes.HasPrefix(page[at:], stampCell) {
		return previous, current, false
	}
	blobs := page[at+len(stampCell):]
	copy(previous[:], blobs)
	copy(current[:], blobs[len(previous):])
	return previous, current, true
}
