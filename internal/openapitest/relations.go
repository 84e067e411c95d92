package openapitest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// checkRelations checks what a schema cannot say: that the parts of an answer
// agree with each other. The value has passed its schema.
func checkRelations(a answer, value any) error {
	envelope, ok := value.(map[string]any)
	if !ok || envelope["request_id"] == nil {
		return nil // not an envelope
	}
	for _, rule := range []struct {
		part      string
		got, want any
	}{
		{"request_id", envelope["request_id"], a.header.Get("X-Request-Id")},
		{"method", envelope["method"], strings.ToUpper(a.method)},
		{"http_code", envelope["http_code"], number(a.status)},
	} {
		if rule.got != rule.want {
			return fmt.Errorf("%s is %v, but should be %v", rule.part, rule.got, rule.want)
		}
	}
	switch response := envelope["response"].(type) {
	case map[string]any:
		if response["code"] != number(a.status) {
			return fmt.Errorf("response.code is %v, but should be %d", response["code"], a.status)
		}
		return checkURI(response)
	case []any:
		if err := checkCounts(envelope["metadata"], response); err != nil {
			return err
		}
		for i, item := range response {
			if err := checkURI(item); err != nil {
				return fmt.Errorf("response[%d]: %w", i, err)
			}
		}
	}
	return nil
}

// checkCounts compares what the metadata of a bulk write or a page counts with
// what is there.
func checkCounts(metadata any, items []any) error {
	failed := 0
	for _, item := range items {
		if item, ok := item.(map[string]any); ok && item["status"] == "failed" {
			failed++
		}
	}
	said, _ := metadata.(map[string]any)
	want := map[string]any{"count": number(len(items)), "page_size": said["limit"]}
	if _, bulk := said["failed"]; bulk {
		want = map[string]any{
			"failed":  number(failed),
			"success": number(len(items) - failed),
			"total":   number(len(items)),
		}
	}
	var wrong []string
	for key, value := range want {
		if said[key] != value {
			wrong = append(wrong, fmt.Sprintf("metadata.%s is %v, but should be %v", key, said[key], value))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return errors.New(strings.Join(wrong, "; "))
}

// checkURI checks that the uri of an item's data leads to that data.
func checkURI(item any) error {
	fields, _ := item.(map[string]any)
	data, ok := fields["data"].(map[string]any)
	if !ok {
		return nil
	}
	uri, _ := data["uri"].(string)
	sid, _ := data["sid"].(string)
	if !strings.HasSuffix(uri, "/"+sid) {
		return fmt.Errorf("uri %s does not lead to sid %s", uri, sid)
	}
	return nil
}

// number is n as parse gives it.
func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }
