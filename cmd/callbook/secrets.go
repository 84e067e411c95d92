package main

import (
	"errors"
	"fmt"
	"os"

	"callbook/internal/store/postgres"
	"callbook/internal/trunk"
)

// secretsFlags tell where the key is that encrypts the passwords of trunks.
type secretsFlags struct {
	SecretsKeyFile string `placeholder:"FILE" help:"File with the key that encrypts the passwords of trunks: 32 bytes as base64 or hex. The variable CALLBOOK_SECRETS_KEY may hold the key itself. Without either, a database in a file has a key of its own beside it, as callbook.db.key; with PostgreSQL, all servers and commands need the same key."`
	SecretsKey     string `hidden:"" help:"The key itself. Command lines are seen by others: use the variable CALLBOOK_SECRETS_KEY."`
}

// Validate is called by the command that embeds these flags.
func (f secretsFlags) Validate() error {
	if f.SecretsKeyFile != "" && f.SecretsKey != "" {
		return errors.New("--secrets-key-file and CALLBOOK_SECRETS_KEY both name a key: give one of them")
	}
	if f.SecretsKeyFile != "" {
		if _, err := os.Stat(f.SecretsKeyFile); err != nil {
			return fmt.Errorf("--secrets-key-file: %w; put the file there, or make a key, once, with %s", err, trunk.MakeKey)
		}
	}
	return nil
}

// keys returns where the key of a database's passwords is.
func (f secretsFlags) keys(d database) trunk.Keys {
	k := trunk.Keys{Text: f.SecretsKey, File: f.SecretsKeyFile}
	if !postgres.IsURL(d.DB) {
		k.Own = d.DB + ".key"
	}
	return k
}
