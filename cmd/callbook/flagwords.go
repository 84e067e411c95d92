package main

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// flagWords maps kong's messages about mistakes on the command line to plainer ones.
var flagWords = []struct {
	said *regexp.Regexp
	say  string
}{
	{regexp.MustCompile(`expected (\S+ )?value but got "EOL" \(<EOL>\)`), "it needs a value"},
	{regexp.MustCompile(`expected (\S+ )?value but got "(-[^"]*)" \([a-z ]+\); perhaps try ([^=]+)=.*`), `it needs a value; one that begins with "-" is written as $3=$2`},
	{regexp.MustCompile(`bool value must be true, 1, yes, false, 0 or no but got ("[^"]*")`), "$1 is neither yes nor no: leave the value out, or write yes or no"},
	{regexp.MustCompile(`^expected (".*")$`), "$1 is missing"},
	{regexp.MustCompile(`\(from envar ([A-Z_]+)=.*\)`), "(from the environment variable $1)"},
}

// usageText returns the message about a mistake in these arguments.
func usageText(args []string, err error) string {
	text := err.Error()
	for _, w := range flagWords {
		text = w.said.ReplaceAllString(text, w.say)
	}
	if strings.HasPrefix(text, `"`) { // kong does not name a flag that begins with "no-"
		for _, arg := range args {
			if name, value, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(name, "--no-") && strings.HasPrefix(text, strconv.Quote(value)) {
				return name + ": " + text
			}
		}
	}
	return text
}

// secrets match where passwords may occur: URLs with user information, and libpq's
// connection strings.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(:/+[^\s/:@"']*:)([^\s"']+)(@)`),
	regexp.MustCompile(`(\b[^\s/:@"']+:)([^\s"'/:][^\s"']*)(@)`), // without a scheme
	regexp.MustCompile(`(?i)(password\s*=\s*)('[^']*'|[^\s&"']+)()`),
}

// withoutSecrets removes passwords from text, except the word "password" itself, which
// occurs in examples. It is for a command line that could not be parsed; the commands
// keep passwords out of their errors themselves.
func withoutSecrets(text string) string {
	for _, secret := range secrets {
		text = secret.ReplaceAllStringFunc(text, func(found string) string {
			part := secret.FindStringSubmatch(found)
			if part[2] == "password" {
				return found
			}
			return part[1] + "xxxxx" + part[3]
		})
	}
	return text
}

// readWhole parses the value of a flag that is a whole number.
func readWhole(ctx *kong.DecodeContext, target reflect.Value) error {
	token, err := ctx.Scan.PopValue("number")
	if err != nil {
		return err
	}
	text := strings.TrimSpace(token.String())
	n, err := strconv.ParseInt(text, 10, 0)
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%q is too large a number", text)
	}
	if err != nil {
		return fmt.Errorf("%q is no whole number: write digits alone, as 32", text)
	}
	target.SetInt(n)
	return nil
}

// logLevel is the lowest level to log.
type logLevel slog.Level

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *logLevel) UnmarshalText(text []byte) error {
	level, ok := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[strings.ToLower(string(text))]
	if !ok {
		return fmt.Errorf("%q is no level of the log: write debug, info, warn or error", text)
	}
	*l = logLevel(level)
	return nil
}
