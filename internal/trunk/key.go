package trunk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"callbook/internal/fault"
)

// KeyBytes is the size of the key that encrypts passwords, with AES-256-GCM.
const KeyBytes = 32

// Keys tells where the key that encrypts passwords is. The key is read only when a trunk
// has a password.
type Keys struct {
	// Text is the key itself, as hex or base64. File is a file with such a text. At most
	// one of them is set.
	Text, File string
	// Own is the file of a key that callbook makes by itself if neither Text nor File is
	// set, or "" for none.
	Own string
}

// MakeKey is the command that makes a key for a database without one of its own.
const MakeKey = `(umask 077; openssl rand -base64 32 > callbook.key)`

// ErrNoKey is the fault of a password that no key can encrypt.
var ErrNoKey = fault.New(fault.Invalid, `there is no key to encrypt the trunk's password with. Make one, once, with
  `+MakeKey+`
and give it to this command and to every server with --secrets-key-file callbook.key or CALLBOOK_SECRETS_KEY_FILE`)

// errKeyMissing is the fault of a password that no key can decrypt.
var errKeyMissing = fault.New(fault.Invalid, `there is no key to decrypt the trunk's password with: give the one that encrypted it, with --secrets-key-file or CALLBOOK_SECRETS_KEY_FILE`)

const keyForm = "it must have 32 bytes as base64 or hex; make one with\n  " + MakeKey

// sealer returns what encrypts passwords. Make allows making the own key.
func (k Keys) sealer(make bool) (cipher.AEAD, error) {
	switch {
	case k.Text != "":
		return newSealer(k.Text, "the key in CALLBOOK_SECRETS_KEY")
	case k.File != "":
		text, err := os.ReadFile(k.File)
		if err != nil {
			return nil, fmt.Errorf("read the key of the passwords: %w", err)
		}
		return newSealer(string(text), "the key in "+k.File)
	case k.Own == "" && !make:
		return nil, errKeyMissing
	case k.Own == "":
		return nil, ErrNoKey
	}
	text, err := os.ReadFile(k.Own)
	if errors.Is(err, fs.ErrNotExist) {
		if !make {
			return nil, invalid(FieldPassword, "the file %s with the key of the passwords is not there: put it back, or give the trunks their passwords again with \"callbook trunk set NAME --password-file FILE\"", k.Own)
		}
		text, err = makeKeyFile(k.Own)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of the passwords: %w", err)
	}
	return newSealer(string(text), "the key in "+k.Own)
}

// makeKeyFile makes a key in a new file that only its owner may read, and returns its
// text. If another process makes the file at the same time, the text is that of the other.
func makeKeyFile(path string) (text []byte, err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name())) }()
	key := make([]byte, KeyBytes)
	_, _ = rand.Read(key) // it never fails
	text = []byte(base64.StdEncoding.EncodeToString(key) + "\n")
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(temp.Name(), path); !errors.Is(err, fs.ErrExist) {
		return text, err
	}
	return os.ReadFile(path)
}

// newSealer returns what encrypts passwords with the key in text. Faults call the key what.
func newSealer(text, what string) (cipher.AEAD, error) {
	text = strings.TrimSpace(text)
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != KeyBytes {
		key, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil || len(key) != KeyBytes {
		return nil, invalid(FieldPassword, "%s is no key: %s", what, keyForm)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use the key of the passwords: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealedVersion is the first byte of an encrypted password.
const sealedVersion = 1

// seal encrypts the password of a trunk. The result opens only with the trunk's name.
func seal(s cipher.AEAD, name, password string) []byte {
	return s.Seal([]byte{sealedVersion}, nil, []byte(password), []byte(name))
}

// open decrypts what seal returned.
func open(s cipher.AEAD, name string, sealed []byte) (string, error) {
	if isSealed(sealed) {
		if password, err := s.Open(nil, nil, sealed[1:], []byte(name)); err == nil {
			return string(password), nil
		}
	}
	return "", invalid(FieldPassword, "the password of trunk %s was encrypted with another key than the one given: give that key with --secrets-key-file, or the password again with \"callbook trunk set %[1]s --password-file FILE\"", name)
}

// isSealed reports whether an encrypted password has the form of one.
func isSealed(sealed []byte) bool {
	const nonce, tag = 12, 16
	return len(sealed) > 1+nonce+tag && sealed[0] == sealedVersion
}
