package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"callbook/internal/fault"
)

// recording is a WAV file to be written for a test.
type recording struct {
	encoding             uint16
	channels, rate, bits int
	size                 uint32 // what the header says; 0 is the truth
	before               string // chunks before the format
	extensible           bool
}

// file returns a WAV file of a tone of this frequency, half as loud as it could be.
func (r recording) file(hertz, seconds float64) []byte {
	le := binary.LittleEndian
	var data []byte
	for i := range int(seconds * float64(r.rate)) {
		s := math.Sin(2*math.Pi*hertz*float64(i)/float64(r.rate)) / 2
		for range r.channels {
			switch {
			case r.encoding == float:
				data = le.AppendUint32(data, math.Float32bits(float32(s)))
			case r.encoding != pcm:
				data = append(data, nearest(r.encoding, s))
			case r.bits == 8:
				data = append(data, byte(128+s*127))
			case r.bits == 16:
				data = le.AppendUint16(data, uint16(int16(s*math.MaxInt16)))
			case r.bits == 24:
				data = append(data, le.AppendUint32(nil, uint32(int32(s*math.MaxInt32)))[1:]...)
			case r.bits == 32:
				data = le.AppendUint32(data, uint32(int32(s*math.MaxInt32)))
			}
		}
	}
	size := r.size
	if size == 0 {
		size = uint32(len(data))
	}
	return append(r.header(size), data...)
}

func (r recording) header(size uint32) []byte {
	le := binary.LittleEndian
	b := []byte("RIFF\xff\xff\xff\xffWAVE" + r.before + "fmt ")
	tag, length := r.encoding, uint32(16)
	if r.extensible {
		tag, length = extensible, 40
	}
	b = le.AppendUint32(b, length)
	b = le.AppendUint16(b, tag)
	b = le.AppendUint16(b, uint16(r.channels))
	b = le.AppendUint32(b, uint32(r.rate))
	align := r.channels * r.bits / 8
	b = le.AppendUint32(b, uint32(r.rate*align))
	b = le.AppendUint16(b, uint16(align))
	b = le.AppendUint16(b, uint16(r.bits))
	if r.extensible {
		b = append(b, make([]byte, 8)...)
		b = le.AppendUint16(b, r.encoding)
		b = append(b, make([]byte, 14)...)
	}
	return le.AppendUint32(append(b, "data"...), size)
}

// nearest encodes a sample by trying all of the 256 that there are.
func nearest(encoding uint16, s float64) (best byte) {
	decode := FromMuLaw
	if encoding == aLaw {
		decode = FromALaw
	}
	least := math.Inf(1)
	for b := range 256 {
		if off := math.Abs(float64(decode(byte(b))) - s*32768); off < least {
			best, least = byte(b), off
		}
	}
	return best
}

func readAll(r io.Reader) (samples []int16, err error) {
	reader, err := NewReader(r)
	for err == nil {
		samples, err = reader.Append(samples)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return samples, err
}

// decibels returns how loud the middle of the samples is beside a full tone.
func decibels(samples []int16) float64 {
	sum := 0.0
	middle := samples[len(samples)/4 : len(samples)*3/4]
	for _, s := range middle {
		sum += float64(s) * float64(s)
	}
	return 20 * math.Log10(math.Sqrt(2*sum/float64(len(middle)))/math.MaxInt16)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	tests := map[string]recording{
		"PCM 8":                 {pcm, 1, 8000, 8, 0, "", false},
		"PCM 16":                {pcm, 1, 8000, 16, 0, "", false},
		"stereo":                {pcm, 2, 44100, 16, 0, "", false},
		"24 bits":               {pcm, 2, 48000, 24, 0, "LIST\x03\x00\x00\x00abc\x00", true},
		"32 bits":               {pcm, 1, 16000, 32, 0, "", false},
		"float":                 {float, 2, 96000, 32, 0, "", false},
		"A-law":                 {aLaw, 1, 8000, 8, 0, "", false},
		"µ-law":                 {muLaw, 2, 11025, 8, 0, "", false},
		"of espeak-ng":          {pcm, 1, 22050, 16, 0x7FFFF000, "", false},
		"of ffmpeg into a pipe": {pcm, 1, 32000, 16, 0xFFFFFFFF, "", false},
		"192 kHz":               {pcm, 1, 192000, 16, 0, "", false},
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readAll(iotest.HalfReader(bytes.NewReader(r.file(1000, 0.5))))
			if err != nil || len(got) != Rate/2 {
				t.Fatalf("%d samples, %v", len(got), err)
			}
			if level := decibels(got); math.Abs(level+6.02) > 0.2 {
				t.Errorf("the tone is at %.2f dB", level)
			}
			again, err := readAll(bytes.NewReader(Encode(got)))
			if err != nil || len(again) != len(got) {
				t.Fatalf("%d samples again, %v", len(again), err)
			}
			for i := range got {
				if got[i] != again[i] {
					t.Fatalf("sample %d is %d, and was %d", i, again[i], got[i])
				}
			}
		})
	}
}

// TestLowPass holds the filter against what a telephone carries.
func TestLowPass(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{11025, 16000, 44100, 48000} {
		for hertz, within := range map[float64][2]float64{
			300: {-6.1, -5.9}, 3300: {-6.3, -5.8}, 4100: {math.Inf(-1), -75}, 5000: {math.Inf(-1), -75},
		} {
			got, err := readAll(bytes.NewReader(recording{pcm, 1, rate, 16, 0, "", false}.file(hertz, 0.5)))
			if err != nil {
				t.Fatal(err)
			}
			if level := decibels(got); level < within[0] || level > within[1] {
				t.Errorf("a tone of %g Hz at %d samples a second comes out at %.2f dB, not within %v", hertz, rate, level, within)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := recording{pcm, 1, 8000, 16, 0, "", false}
	header := func(change func(*recording)) string {
		r := good
		change(&r)
		return string(r.file(1000, 0.01))
	}
	tests := map[string]string{
		"":                                   "the file is empty",
		"ID3\x04\x00\x00\x00\x00\x00\x00TIT": "an MP3 file",
		"\xff\xfb\x90\x64\x00\x00\x00\x00\x00\x00\x00\x00": "an MP3 file",
		"OggS\x00\x02\x00\x00\x00\x00\x00\x00":             "ffmpeg -i in.ogg -ar 8000 -ac 1 out.wav",
		"\x00\x00\x00\x20ftypM4A ":                         "an M4A or MP4 file",
		"FORM\x00\x00\x00\x00AIFF":                         "an AIFF file",
		"PK\x03\x04aaaaaaaa":                               "unpack it",
		"Hello, world, this is.":                           "this is a text",
		"12345678901ü":                                     "this is a text",
		"RIFF":                                             "this is a text",
		"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09":         "this is not a WAV file",
		"RIFF\x00\x00\x00\x00WAVE":                         "breaks off",
		"RIFF\x00\x00\x00\x00WAVEdata\x00\x00\x00\x00":     "does not say how",
		"RIFF\x00\x00\x00\x00WAVEfmt \x02\x00\x00\x00aa":   "header of the WAV file is damaged",
		"RIFF\x00\x00\x00\x00WAVELIST\xff\xff\xff\x7faa":   "too much before the sound",
		string(good.file(1000, 0.1)[:100]):                 "breaks off",
		header(func(r *recording) { r.channels = 6 }):      "has 6 channels",
		header(func(r *recording) { r.rate = 4000 }):       "4000 samples a second",
		header(func(r *recording) { r.rate = 44056 }):      "44056 samples a second",
		header(func(r *recording) { r.bits = 64 }):         "samples of 64 bits",
		header(func(r *recording) { r.encoding = 0x55 }):   "encoded as MP3",
		header(func(r *recording) { r.encoding = 0x1234 }): "encoded as number 0x1234",
	}
	for file, want := range tests {
		_, err := readAll(strings.NewReader(file))
		if f := fault.As(err); f == nil || f.Field != FieldFile || !strings.Contains(f.Detail, want) {
			t.Errorf("%.12q: %v, want %q", file, err, want)
		}
	}
	broken := errors.New("broken")
	for _, n := range []int{0, 20, 60} {
		in := io.MultiReader(bytes.NewReader(good.file(1000, 0.1)[:n]), iotest.ErrReader(broken))
		if _, err := readAll(in); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, r := range []recording{{pcm, 2, 11025, 24, 0, "LIST\x01\x00\x00\x00a\x00", true}, {muLaw, 1, 8000, 8, 0x7FFFF000, "", false}, {float, 1, 48000, 32, 0, "", false}} {
		f.Add(r.file(440, 0.01))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		samples, err := readAll(bytes.NewReader(file))
		if err != nil && fault.As(err) == nil {
			t.Fatalf("%v is no fault of the file", err)
		}
		if len(samples) > len(file)+1 {
			t.Fatalf("%d samples from %d bytes", len(samples), len(file))
		}
	})
}
