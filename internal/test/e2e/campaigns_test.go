package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// printedCampaign is an answer about campaigns, as clients read it.
type printedCampaign struct {
	Method   string
	HTTPCode int `json:"http_code"`
	Metadata *struct{ Count, Offset, Limit, Total int }
	Response []struct {
		Code      int
		ErrorData any `json:"error_data"`
		Status    string
		Data      struct {
			ID, Name, Status string
			From             []string
			Stats            map[string]int
		}
		Summary struct {
			Sid       string `json:"campaign_sid"`
			Scheduled int    `json:"call_scheduled"`
		}
	}
}

// TestCampaignPrograms runs programs in five languages that create, read, list, change
// and delete a campaign, as the platform's samples do.
func TestCampaignPrograms(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	auths := make(map[string]credentials)
	for _, program := range seedPrograms {
		auths[program.file] = newAccount(t, db, "acct-"+strings.NewReplacer(".", "-").Replace(program.file))
	}
	s := startServer(t, db)
	for _, program := range seedPrograms {
		t.Run(program.file, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join("testdata", "campaigns", program.file))
			if err != nil {
				t.Fatal(err)
			}
			auth := auths[program.file]
			text := strings.ReplaceAll(withCredentials(string(source), s, auth), "<send_at>", time.Now().Add(time.Hour).Format(time.RFC3339))
			path := filepath.Join(t.TempDir(), program.file)
			if program.runAs != "" {
				path = filepath.Join(filepath.Dir(path), program.runAs)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			got := run(t, program.command(t, path))
			if got.code != 0 {
				t.Fatalf("exit code %d\nstdout:\n%s\nstderr:\n%s", got.code, got.stdout, got.stderr)
			}
			answers := json.NewDecoder(strings.NewReader(got.stdout))
			for i, status := range []string{"Created", "Created", "Created", "Paused", "Deleted"} {
				var a printedCampaign
				if err := answers.Decode(&a); err != nil {
					t.Fatalf("answer %d: %v\n%s", i, err, got.stdout)
				}
				if a.HTTPCode != 200 || len(a.Response) != 1 || (a.Metadata != nil) != (i == 2) || a.Metadata != nil && a.Metadata.Total != 1 {
					t.Fatalf("answer %d is %+v", i, a)
				}
				item := a.Response[0]
				if item.Code != 200 || item.ErrorData != nil || item.Status != "success" || item.Data.Status != status || item.Data.Name != "Diwali" ||
					len(item.Data.Stats) != 10 || item.Summary.Sid != item.Data.ID || item.Data.From[0] != "+919876543210" {
					t.Errorf("answer %d is %+v, want one of a campaign that is %s", i, a, status)
				}
			}
			if err := answers.Decode(new(any)); !errors.Is(err, io.EOF) {
				t.Errorf("more was printed: %s", got.stdout)
			}
		})
	}
}
