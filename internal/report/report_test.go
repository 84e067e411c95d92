package report_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/csvcell"
	"callbook/internal/phone"
	"callbook/internal/report"
)

// many is a campaign of many calls, and half as many targets that were never called.
type many struct {
	calls int
	text  string // in every place where somebody may have written something
}

func sidOf(n int) (sid addressbook.SID) {
	for i := range 8 {
		sid[15-i] = byte(n >> (8 * i))
	}
	return sid
}

func numberOf(sid addressbook.SID) (n int) {
	for _, b := range sid[8:] {
		n = n<<8 | int(b)
	}
	return n
}

var begun = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func (m *many) Calls(ctx context.Context, _ account.Account, _ addressbook.SID, q campaign.CallQuery) (page campaign.CallPage, _ error) {
	for n := numberOf(q.After) + 1; n <= m.calls && len(page.Calls) < q.Limit; n++ {
		at := begun.Add(time.Duration(n) * 10 * time.Millisecond)
		page.Calls = append(page.Calls, campaign.Call{
			SID: sidOf(n), Position: n, Number: phone.Number(919800000000 + n), Attempt: 1, State: campaign.CallEnded, Outcome: campaign.Reached,
			Placed: at, Rang: at.Add(time.Second), Answered: at.Add(2 * time.Second), Ended: at.Add(30 * time.Second), Digits: "1", Code: 200, Cause: 16, CauseText: "Normal call clearing" + m.text,
		})
		page.Targets = append(page.Targets, campaign.Target{Position: n, Number: phone.Number(919800000000 + n), Name: "Asha Rao" + m.text, Vars: map[string]string{"city": m.text}})
	}
	// As stores do of what they read.
	return page, budget.Of(ctx).Claim(int64(len(page.Calls) * 1000))
}

func (m *many) Targets(_ context.Context, _ account.Account, _ addressbook.SID, q campaign.TargetQuery) (page campaign.TargetPage, _ error) {
	for n := q.After + 1; n < m.calls/2 && len(page.Targets) < q.Limit; n++ {
		page.Targets = append(page.Targets, campaign.Target{Position: n, Number: phone.Number(919900000000 + n), State: campaign.NotAttempted, Name: m.text})
	}
	return page, nil
}

func called(text string) *campaign.Campaign {
	return &campaign.Campaign{
		SID: sidOf(7), State: campaign.Completed, Ended: begun,
		Settings: campaign.Settings{Name: "Rent" + text, CallerID: "08047000001", Dynamic: true, Vars: []string{"city"}},
	}
}

var acct = account.Account{SID: "demo", TimeZone: time.UTC}

// TestRows: whatever somebody has written, the file has as many rows and cells as it
// should, the texts are the same once their marks are taken away, and no spreadsheet runs
// them.
func TestRows(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "=1+1", ",", `"`, "\n", "\r", "a\nb", "@x,\"y\"", " x ", "'", "＝1", "\u2028", "आशा"} {
		var file bytes.Buffer
		m := &many{calls: 2500, text: text}
		if err := report.Write(t.Context(), m, acct, called(text), nil, &file); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.String(), csvcell.ByteOrderMark))).ReadAll()
		if err != nil || len(rows) != 1+m.calls+m.calls/2 {
			t.Fatalf("%q: %d rows, %v", text, len(rows), err)
		}
		for i, row := range rows[1:] {
			plain := make([]string, len(row))
			for j, cell := range row {
				if plain[j], _ = csvcell.Unmark(cell); csvcell.Runs(cell) {
					t.Fatalf("%q: the cell %q is a formula", text, cell)
				}
			}
			want := []string{sidOf(7).String(), "Rent" + text, fmt.Sprintf("+9198%08d", i+1), "Asha Rao" + text, "1", sidOf(i + 1).String(), "completed", "Normal call clearing" + text}
			if i >= m.calls {
				want = []string{sidOf(7).String(), "Rent" + text, fmt.Sprintf("+9199%08d", i-m.calls), text, "0", "", "failed-no-attempt", "campaign-ended"}
			}
			if !slices.Equal(plain[:8], want) || len(row) != 20 || row[14] != "08047000001" || i < m.calls && plain[19] != text {
				t.Fatalf("%q: row %d is %q, want %q", text, i, plain, want)
			}
		}
	}
}

// TestConstantMemory writes a report whose pages together weigh far more than a request
// may use.
func TestConstantMemory(t *testing.T) {
	t.Parallel()
	b := budget.New(6<<20, 8)
	ctx, share := b.Begin(t.Context())
	defer share.End()
	if err := share.Admit(1); err != nil {
		t.Fatal(err)
	}
	m := &many{calls: 30_000}
	var file bytes.Buffer
	if err := report.Write(ctx, m, acct, called(""), nil, &file); err != nil {
		t.Fatal(err)
	}
	if rows := bytes.Count(file.Bytes(), []byte("\n")); rows != 1+m.calls+m.calls/2 {
		t.Errorf("%d rows", rows)
	}
	if used := share.Used(); used != 0 {
		t.Errorf("%d bytes are still held", used)
	}
}

// BenchmarkWrite writes rows of calls, without a database.
func BenchmarkWrite(b *testing.B) {
	m := &many{calls: b.N}
	if err := report.Write(b.Context(), m, acct, called(""), nil, io.Discard); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
}
