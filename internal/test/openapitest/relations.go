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
		if envelope["metadata"] == nil {
			return checkAlone(a, response)
		}
		if err := checkCounts(envelope["metadata"], response); err != nil {
			return err
		}
		if err := checkLinks(envelope["metadata"], a.path); err != nil {
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

// checkAlone checks the one item of an answer about campaigns.
func checkAlone(a answer, items []any) error {
	for _, item := range items {
		if fields, _ := item.(map[string]any); fields["code"] != number(a.status) {
			return fmt.Errorf("response[0].code is %v, but should be %d", fields["code"], a.status)
		}
		if err := checkURI(item); err != nil {
			return err
		}
	}
	return nil
}

// checkCampaign checks that a campaign's stats and summary tell the same, and that both
// are about it.
func checkCampaign(data, summary map[string]any) error {
	id, _ := data["id"].(string)
	if uri, _ := data["uri"].(string); !strings.HasSuffix(uri, "/campaigns/"+id) || summary["campaign_sid"] != id || summary["DateCreated"] != data["date_created"] {
		return fmt.Errorf("uri %s and summary %v are not those of %s", uri, summary, id)
	}
	stats, _ := data["stats"].(map[string]any)
	count := func(keys ...string) json.Number {
		sum := 0
		for _, key := range keys {
			n, _ := stats[key].(json.Number)
			value, _ := strconv.Atoi(n.String())
			sum += value
		}
		return number(sum)
	}
	for key, want := range map[string]json.Number{
		"call_completed":  count("completed"),
		"call_failed":     count("failed", "failed-dnd", "invalid", "failed-no-attempt"),
		"call_inprogress": count("in-progress", "retrying"),
	} {
		if summary[key] != want {
			return fmt.Errorf("summary.%s is %v, but should be %v", key, summary[key], want)
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

// checkLinks checks that the links of a page lead to pages of the same path.
// In the request, that may be in another case.
func checkLinks(metadata any, requested string) error {
	said, _ := metadata.(map[string]any)
	for _, key := range []string{"first_page_uri", "prev_page_uri", "next_page_uri"} {
		link, ok := said[key].(string)
		if !ok {
			continue
		}
		if path, _, _ := strings.Cut(link, "?"); !strings.EqualFold(path, strings.TrimSuffix(requested, "/")) {
			return fmt.Errorf("metadata.%s is %s, but should have the path %s", key, link, requested)
		}
	}
	return nil
}

// checkURI checks that the uri of an item's data leads to that data, and that
// the names of the list and the contact in a membership are the same twice.
func checkURI(item any) error {
	fields, _ := item.(map[string]any)
	data, ok := fields["data"].(map[string]any)
	if !ok {
		return nil
	}
	if summary, ok := data["summary"].(map[string]any); ok {
		if list, _ := data["list"].(map[string]any); list["sid"] != summary["list_sid"] {
			return fmt.Errorf("list.sid is %v, but summary.list_sid is %v", list["sid"], summary["list_sid"])
		}
		data = summary
	}
	if id, ok := data["upload_id"].(string); ok {
		return checkUpload(data, id)
	}
	if beside, ok := fields["summary"].(map[string]any); ok {
		return checkCampaign(data, beside)
	}
	uri, ok := data["uri"].(string)
	if !ok {
		return nil // its schema has none
	}
	sid, ok := data["sid"].(string)
	if !ok {
		sid, _ = data["name"].(string) // flows and prompts are known by their names
	}
	end := "/" + sid
	if list, ok := data["list_sid"].(string); ok {
		if data["list_id"] != list {
			return fmt.Errorf("list_id is %v, but list_sid is %s", data["list_id"], list)
		}
		if data["contact_sid"] != sid {
			return fmt.Errorf("sid is %s, but contact_sid is %v", sid, data["contact_sid"])
		}
		end = "/" + list + "/contacts" + end
	}
	if !strings.HasSuffix(uri, end) {
		return fmt.Errorf("uri %s does not lead to %s", uri, end)
	}
	return nil
}

// checkUpload checks that the links of an upload lead to it, and that its stats
// add up.
func checkUpload(data map[string]any, id string) error {
	for key, end := range map[string]string{"url": id, "errors_url": id + "/errors"} {
		if link, ok := data[key].(string); ok && !strings.HasSuffix(link, "/"+end) {
			return fmt.Errorf("%s %s does not lead to %s", key, link, end)
		}
	}
	stats, ok := data["stats"].(map[string]any)
	if !ok {
		return nil
	}
	sum := 0
	for _, key := range []string{"duplicate", "success", "failed"} {
		n, _ := stats[key].(json.Number)
		count, _ := strconv.Atoi(n.String())
		sum += count
	}
	if stats["total"] != number(sum) {
		return fmt.Errorf("stats.total is %v, but should be %d", stats["total"], sum)
	}
	return nil
}

// number is n as parse gives it.
func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }
