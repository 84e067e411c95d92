package wav

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"callbook/internal/fault"
)

// sniffed is how many bytes identify the type of a file.
const sniffed = 12

// kinds are signatures of files that people mistake for WAV files.
var kinds = []struct {
	offset            int
	magic, is, ending string
}{
	{0, "ID3", "an MP3 file", "mp3"},
	{0, "OggS", "an Ogg file", "ogg"},
	{0, "fLaC", "a FLAC file", "flac"},
	{4, "ftyp", "an M4A or MP4 file", "m4a"},
	{0, "#!AMR", "an AMR file", "amr"},
	{0, "caff", "a CAF file", "caf"},
	{0, ".snd", "an AU file", "au"},
	{8, "AIF", "an AIFF file", "aiff"},
	{0, "\x1aE\xdf\xa3", "a WebM or Matroska file", "webm"},
	{0, "0&\xb2u", "a WMA file", "wma"},
	{8, "AVI ", "an AVI file", "avi"},
	{0, "RF64", "a WAV file of the 64-bit kind", "wav"},
	{0, "RIFX", "a WAV file of the big-endian kind", "wav"},
	{0, "PK\x03\x04", "a ZIP file", ""},
	{0, "\x1f\x8b", "a gzip file", ""},
}

// notWAV returns the fault of a file that is not a WAV file, given its first bytes.
func notWAV(head []byte) error {
	for _, k := range kinds {
		if len(head) >= k.offset && bytes.HasPrefix(head[k.offset:], []byte(k.magic)) {
			if k.ending == "" {
				return wrong("this is " + k.is + ": unpack it, and upload the WAV file in it")
			}
			return wrong("this is " + k.is + ", which is not taken; " + conversion(k.ending))
		}
	}
	switch {
	case len(head) == 0:
		return wrong("the file is empty")
	// The frames of MPEG audio begin with eleven bits that are set.
	case len(head) > 2 && head[0] == 0xFF && head[1]&0xE0 == 0xE0 && head[1]&0x06 != 0:
		return wrong("this is an MP3 file, which is not taken; " + conversion("mp3"))
	case isText(head):
		return wrong("this is a text and not a WAV file")
	}
	return wrong("this is not a WAV file; " + conversion("file"))
}

// conversion tells how to convert a file of this type to WAV.
func conversion(ending string) string {
	return fmt.Sprintf("convert it with: ffmpeg -i in.%s -ar %d -ac 1 out.wav", ending, Rate)
}

func isText(head []byte) bool {
	if len(head) == sniffed { // the cut may have split the last character
		for len(head) > sniffed-utf8.UTFMax && !utf8.Valid(head) {
			head = head[:len(head)-1]
		}
	}
	return utf8.Valid(head) && !bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' })
}

// compressions are the encodings that WAV files may have and that this package does not
// support.
var compressions = map[uint16]string{0x02: "ADPCM", 0x11: "ADPCM", 0x14: "G.723", 0x31: "GSM", 0x40: "G.721", 0x50: "MPEG", 0x55: "MP3", 0x64: "G.726", 0x83: "G.729"}

func compressed(encoding uint16) error {
	name, ok := compressions[encoding]
	if !ok {
		name = fmt.Sprintf("number %#x", encoding)
	}
	return wrong("the sound of this WAV file is encoded as " + name + ", which is not taken; " + conversion("wav"))
}

func wrong(why string) error { return fault.InvalidField(FieldFile, why) }
