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
	logMagic         = 0x377f0682 // plus 1 if the checksums are big-endian
	logVersion       = 3007000
	maxPageBytes     = 65536
)

// versionOffset is the offset of the schema version in the file's first page.
const versionOffset = 40

// readStamps reads the commits of the log that SQLite would replay. SQLite takes a log
// with an invalid header for empty. In that case damaged is true, and found holds what
// the frames after the header say.
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

// readOrphans reads the frames of a log whose header is lost. The checksum of each
// frame continues that of the one before. Since the header's is unknown, readOrphans
// computes it backwards from the first frame, which therefore always matches.
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

func u32(b []byte, offset int) uint32 { return binary.BigEndian.Uint32(b[offset:]) }

// readFrames reads the frames of a log with pages of this size, as long as they have
// these salts and continue this checksum.
func readFrames(in io.Reader, size uint32, salts []byte, sum logSum) (found logStamps, err error) {
	frame := make([]byte, frameHeaderBytes+size)
	var pending logStamps // of the current transaction, until its commit frame
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

// endOfLog returns nil for the end of the log, and any other error unchanged.
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

// remove undoes add of the same bytes.
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

// stampCell is the beginning of the cell that holds the only row of log_stamp: a
// payload of 60 bytes, rowid 1, a record header of 4 bytes that announces blobs of 16,
// 20 and 20 bytes, and the first of these blobs.
var stampCell = append([]byte{60, 1, 4, 44, 52, 52}, "callbook's stamp"...)

// stampsOf reads the row of log_stamp from a page, if the page holds that row.
func stampsOf(page []byte) (previous, current stamp, ok bool) {
	const leafOfTable, pointer = 0x0d, 8
	if page[0] != leafOfTable || binary.BigEndian.Uint16(page[3:]) != 1 {
		return previous, current, false
	}
	start := int(binary.BigEndian.Uint16(page[pointer:]))
	end := start + len(stampCell) + len(previous) + len(current)
	if end > len(page) || !bytes.HasPrefix(page[start:], stampCell) {
		return previous, current, false
	}
	blobs := page[start+len(stampCell):]
	copy(previous[:], blobs)
	copy(current[:], blobs[len(previous):])
	return previous, current, true
}
