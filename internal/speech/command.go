package speech

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// espeak is the command that is used if none is configured.
const espeak = "espeak-ng -v {lang} -s 145 --stdin --stdout"

// ParseCommand parses a command: a program and its arguments, separated by blanks.
// Arguments cannot contain blanks. The program reads the text from its standard input and
// writes a WAV file to its standard output. "{lang}" is replaced by the language. No
// shell is involved. The error says if the program does not exist.
func ParseCommand(text string) ([]string, error) {
	command := strings.Fields(text)
	if len(command) == 0 {
		return nil, errors.New("name a program and its arguments")
	}
	if strings.Contains(command[0], languagePlace) {
		return nil, fmt.Errorf("the program must not have %s in its name", languagePlace)
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return nil, fmt.Errorf("there is no program %q that can be run", command[0])
	}
	command[0] = path
	return command, nil
}

// Installed returns the command of espeak-ng, or nil if that is not installed.
func Installed() []string {
	command, err := ParseCommand(espeak)
	if err != nil {
		return nil
	}
	return command
}
