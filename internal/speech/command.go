package speech

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// espeak is the command of the voice that is taken where nobody has named one.
const espeak = "espeak-ng -v {lang} -s 145 --stdin --stdout"

// ParseCommand reads a command: a program and its arguments with blanks between them,
// none of which has a blank in it. The program gets the text at its standard input and
// writes a WAV file to its standard output; "{lang}" stands for the language. No shell
// is asked. The error tells of a program that is not there.
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

// Installed returns the command of the voice that is installed, espeak-ng, or nil.
func Installed() []string {
	command, err := ParseCommand(espeak)
	if err != nil {
		return nil
	}
	return command
}
