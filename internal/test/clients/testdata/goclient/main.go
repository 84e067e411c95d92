// Command goclient creates contacts and changes them, through a client that
// oapi-codegen has made of callbook's OpenAPI document. Its arguments are the
// server's URL, the account, a key and its token.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url, account, key, token string) error {
	client, err := NewClientWithResponses(url, WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.SetBasicAuth(key, token)
		return nil
	}))
	if err != nil {
		return err
	}
	name := OptionalText("Asha")
	created, err := client.CreateContactsWithResponse(ctx, account, nil, CreateContactsRequest{Contacts: []NewContact{
		{Number: "+919876543210", FirstName: &name},
		{Number: "12"},
	}})
	if err != nil {
		return err
	}
	answer := created.JSON207
	if answer == nil || answer.Metadata.Success != 1 || len(answer.Response) != 2 {
		return fmt.Errorf("created: %s", created.Body)
	}
	contact, refused := answer.Response[0].Data, answer.Response[1]
	if contact == nil || refused.Data != nil || refused.ErrorData == nil || refused.ErrorData.Code != 1002 {
		return fmt.Errorf("created: %s", created.Body)
	}
	tag := OptionalText("Gold")
	changed, err := client.UpdateContactsWithResponse(ctx, account, nil, UpdateContactsRequest{Contacts: []NamedContactChange{
		{Sid: contact.Sid, Tag: &tag},
	}})
	if err != nil {
		return err
	}
	if answer := changed.JSON207; answer == nil || *answer.Response[0].Data.Tag != "Gold" || *answer.Response[0].Data.FirstName != "Asha" {
		return fmt.Errorf("changed: %s", changed.Body)
	}
	return nil
}
