package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
)

func sealOf(sum []byte) []byte { return []byte(sealWords + hex.EncodeToString(sum) + "\n") }

// Copy copies a backup without its checksum line, syncs the copy and compares the
// checksum. The file to must not exist; only its owner can read it. If another
// program made the backup, it has no checksum and sealed is false. Copy reports the
// bytes copied so far to progress.
func Copy(ctx context.Context, from, to string, progress func(done, total int64)) (sealed bool, err error) {
	source, err := os.Open(from)
	if err != nil {
		return false, err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, errors.New("it is not a file")
	}
	size := info.Size()
	seal, err := readSeal(source, size)
	if err != nil {
		return false, err
	}
	sealed = seal != nil
	size -= int64(len(seal))
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	h := sha256.New()
	done := int64(0)
	err = copyBlocks(ctx, io.MultiWriter(h, target), io.LimitReader(source, size), func(n int) {
		done += int64(n)
		progress(done, size)
	})
	if err == nil && done != size {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && sealed && !bytes.Equal(seal, sealOf(h.Sum(nil))) {
		err = ErrChecksum
	}
	if err == nil {
		err = target.Sync()
	}
	return sealed, errors.Join(err, target.Close())
}

// Verify compares the checksum of a backup. The error is [ErrChecksum] if it does
// not match. If the file has no checksum line, sealed is false and Verify has read
// no more than the end of the file. Closing the file drops the POSIX locks that
// this process holds on it, so nothing else in the process may have it open.
func Verify(ctx context.Context, path string) (sealed bool, err error) {
	source, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	seal, err := readSeal(source, info.Size())
	if err != nil || seal == nil {
		return false, err
	}
	h := sha256.New()
	if err := copyBlocks(ctx, h, io.LimitReader(source, info.Size()-int64(len(seal))), nil); err != nil {
		return true, err
	}
	if !bytes.Equal(seal, sealOf(h.Sum(nil))) {
		return true, ErrChecksum
	}
	return true, nil
}

// readSeal returns the checksum line at the end of a file of this size, or nil.
func readSeal(file io.ReaderAt, size int64) ([]byte, error) {
	if size <= int64(sealBytes) {
		return nil, nil
	}
	seal := make([]byte, sealBytes)
	if _, err := file.ReadAt(seal, size-int64(sealBytes)); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(seal, []byte(sealWords)) {
		return nil, nil
	}
	return seal, nil
}

// copyBlocks is io.Copy with a context.
func copyBlocks(ctx context.Context, to io.Writer, from io.Reader, wrote func(n int)) error {
	block := make([]byte, blockBytes)
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		n, err := from.Read(block)
		if n > 0 {
			if _, err := to.Write(block[:n]); err != nil {
				return err
			}
			if wrote != nil {
				wrote(n)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
