package servertest

import (
	"encoding/json"
	"testing"
)

// Campaign is a campaign as the wire has it.
type Campaign struct {
	ID          string
	Name        string
	Status      string
	DateStarted *string `json:"date_started"`
	ReportURL   *string `json:"report_url"`
	Stats       map[string]int
	Summary     CampaignSummary `json:"-"` // stands beside the data
}

// CampaignSummary is a campaign in five numbers.
type CampaignSummary struct {
	Scheduled  int `json:"call_scheduled"`
	Initiated  int `json:"call_initialized"`
	Completed  int `json:"call_completed"`
	Failed     int `json:"call_failed"`
	InProgress int `json:"call_inprogress"`
}

// Campaign reads the answer about one campaign; another answer ends the test.
func (a Answer) Campaign(t testing.TB) Campaign {
	t.Helper()
	got := read[struct {
		Response []struct {
			ItemOf[Campaign]
			Summary CampaignSummary
		}
	}](t, a, 200)
	if len(got.Response) != 1 || got.Response[0].Data == nil {
		t.Fatalf("got %s, want one campaign", a.Body)
	}
	c := *got.Response[0].Data
	c.Summary = got.Response[0].Summary
	return c
}

// NewCampaign makes a campaign of a whole body, which must be a success.
func (c *Client) NewCampaign(body string) Campaign {
	c.t.Helper()
	return c.Send("POST", "/campaigns", body).Campaign(c.t)
}

// GetCampaign reads a campaign.
func (c *Client) GetCampaign(id string) Campaign {
	c.t.Helper()
	return c.Get(c.Path("/campaigns/" + id)).Campaign(c.t)
}

// CampaignPage reads a page of campaigns, calls or targets, with the data of each item as
// it came; another answer ends the test.
func (a Answer) CampaignPage(t testing.TB) PageOf[json.RawMessage] {
	t.Helper()
	return read[PageOf[json.RawMessage]](t, a, 200)
}
