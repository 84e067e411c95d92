package app

import (
	"context"
	"errors"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/api"
	"callbook/internal/fault"
	"callbook/internal/person"
	"callbook/internal/phone"
	"callbook/internal/store"
)

// ExportPerson returns everything that is stored about a number, as the API's JSON. No
// server may use a SQLite database meanwhile. Of cfg it uses DB, Clock and Log.
func ExportPerson(ctx context.Context, cfg Config, accountSID, number string) (document []byte, err error) {
	err = withPersons(ctx, cfg, accountSID, func(persons *person.Persons, acct account.Account) error {
		found, err := persons.Find(ctx, acct, number)
		if err == nil {
			document, err = api.PersonJSON(acct, found)
		}
		return err
	})
	return document, err
}

// ErasePerson erases everything that is stored about a number, and returns the receipt as
// the API's JSON. It needs what [ExportPerson] needs.
func ErasePerson(ctx context.Context, cfg Config, accountSID, number string) (receipt []byte, err error) {
	err = withPersons(ctx, cfg, accountSID, func(persons *person.Persons, acct account.Account) error {
		r, err := persons.Erase(ctx, acct, number)
		if err == nil {
			receipt, err = api.ErasureJSON(acct, r)
		}
		return err
	})
	return receipt, err
}

func withPersons(ctx context.Context, cfg Config, accountSID string, f func(*person.Persons, account.Account) error) (err error) {
	stores, err := openStores(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stores.Close()) }()
	accounts := account.NewDirectory(stores.Accounts, cfg.Clock)
	acct, err := accounts.Account(ctx, accountSID)
	if err != nil {
		return err
	}
	book := addressbook.New(stores.Contacts, addressbook.Options{Clock: cfg.Clock})
	err = f(newPersons(stores, book, accounts, cfg, nil), acct)
	if fault.As(err) != nil {
		err = errors.New(api.Words(err)) // as a server would answer the command
	}
	return err
}

func newPersons(stores *store.Set, book *addressbook.Book, accounts *account.Directory, cfg Config, forget func(phone.Number)) *person.Persons {
	return person.New(person.Options{Store: stores.Persons, Uploads: stores.Uploads, Files: stores.Files, Book: book, Accounts: accounts, Clock: cfg.Clock, Log: cfg.Log, Forget: forget})
}
