package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"callbook/internal/account"
	"callbook/internal/campaign"
	"callbook/internal/clock"
)

type accountSetCmd struct {
	database
	SID          string  `arg:"" name:"sid" help:"The account's sid."`
	CallsAMinute *int    `name:"calls-a-minute" placeholder:"N" help:"How many calls a minute all of its campaigns make together; 0 is the default, 60."`
	CallingHours *string `name:"calling-hours" placeholder:"HOURS" help:"When it may call, in the callee's own time, as 09:00-21:00, or \"always\"; \"default\" takes it back."`
	CallingDays  *string `name:"calling-days" placeholder:"DAYS" help:"On which days, as mon-sat or mon,wed,fri, or \"always\"; \"default\" takes it back."`
	DailyCap     *string `name:"daily-cap" placeholder:"N" help:"How many calls a day a number may get, over all campaigns, or \"none\" for no limit; 0 or \"default\" takes it back."`
	Countries    *string `name:"countries" placeholder:"CODES" help:"Which countries it may call, as IN,US, or \"all\"; \"default\" takes it back."`
	Requests     *string `name:"requests-a-minute" placeholder:"N" help:"How many requests of the API it may send in a minute, or \"off\" for no limit. Each server counts for itself."`
	Region       *string `placeholder:"CODE" help:"Country of numbers that come without a country code, as ISO 3166-1 code."`
	Timezone     *string `placeholder:"NAME" help:"Time zone of the dates in answers, as IANA name."`
	JSON         bool    `name:"json" help:"Print JSON."`

	// The changes that the flags ask for.
	change  []func(*campaign.Policy)
	account []func(*account.Account)
}

// Validate is called by kong after it has parsed the flags.
func (c *accountSetCmd) Validate() error {
	if err := c.database.Validate(); err != nil {
		return err
	}
	if c.CallsAMinute != nil {
		c.will(func(p *campaign.Policy) { p.CallsAMinute = *c.CallsAMinute })
	}
	if c.DailyCap != nil {
		most, err := campaign.ParseCap(*c.DailyCap)
		if err != nil {
			return fmt.Errorf("--daily-cap: %w", err)
		}
		c.will(func(p *campaign.Policy) { p.DailyCap = most })
	}
	if c.CallingHours != nil {
		hours, err := campaign.ParseHours(*c.CallingHours)
		if err != nil {
			return fmt.Errorf("--calling-hours: %w", err)
		}
		c.will(func(p *campaign.Policy) { p.Hours = hours })
	}
	if c.CallingDays != nil {
		days, err := campaign.ParseDays(*c.CallingDays)
		if err != nil {
			return fmt.Errorf("--calling-days: %w", err)
		}
		c.will(func(p *campaign.Policy) { p.Days = days })
	}
	if c.Countries != nil {
		countries := campaign.ParseCountries(*c.Countries)
		c.will(func(p *campaign.Policy) { p.Countries = countries })
	}
	if err := c.checkAccount(); err != nil {
		return err
	}
	var p campaign.Policy
	for _, change := range c.change {
		change(&p)
	}
	return p.Check()
}

// checkAccount checks the flags for the account itself.
func (c *accountSetCmd) checkAccount() error {
	if c.Requests != nil {
		requests, err := parseRequests(*c.Requests)
		if err != nil {
			return fmt.Errorf("--requests-a-minute: %w", err)
		}
		c.account = append(c.account, func(a *account.Account) { a.RequestsAMinute = requests })
	}
	if c.Region != nil {
		if _, err := account.New("sid", *c.Region, account.DefaultTimeZone); err != nil {
			return fmt.Errorf("--region: %w", err)
		}
		c.account = append(c.account, func(a *account.Account) { a.Region = *c.Region })
	}
	if c.Timezone != nil {
		like, err := account.New("sid", account.DefaultRegion, *c.Timezone)
		if err != nil {
			return fmt.Errorf("--timezone: %w", err)
		}
		c.account = append(c.account, func(a *account.Account) { a.TimeZone = like.TimeZone })
	}
	return nil
}

// parseRequests parses a limit on requests a minute; 0 means none.
func parseRequests(text string) (int, error) {
	if text == "off" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > account.MaxRequestsAMinute {
		return 0, fmt.Errorf("%q is neither a number from 1 to %d nor \"off\"", text, account.MaxRequestsAMinute)
	}
	return n, nil
}

func (c *accountSetCmd) will(change func(*campaign.Policy)) { c.change = append(c.change, change) }

func (c *accountSetCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDB(ctx, func(db commandStore) error {
		accounts := account.NewDirectory(db, clock.System)
		acct, err := accounts.Account(ctx, c.SID)
		if err == nil && len(c.account) > 0 {
			acct, err = accounts.Change(ctx, c.SID, func(a *account.Account) {
				for _, change := range c.account {
					change(a)
				}
			})
		}
		if err != nil {
			return err
		}
		p, err := db.Policy(ctx, acct.ID)
		if len(c.change) > 0 {
			p, err = campaign.ChangePolicy(ctx, db, acct, func(p *campaign.Policy) {
				for _, change := range c.change {
					change(p)
				}
			})
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, settingsView{accountJSON(acct), policyJSON(&p)})
		}
		_, err = io.WriteString(std.out, settingsText(acct, &p))
		return err
	})
}

// settingsText describes the settings of an account for people.
func settingsText(acct account.Account, p *campaign.Policy) string {
	requests := "no limit"
	if acct.RequestsAMinute > 0 {
		requests = strconv.Itoa(acct.RequestsAMinute)
	}
	return fmt.Sprintf(`Account %s
  region                   %s
  time zone                %s
  requests a minute        %s
Campaigns of account %[1]s
  calls a minute           %[5]d
  calling hours            %[6]s, in the callee's own time
  calling days             %[7]s
  calls a day to a number  %[8]s
  countries                %[9]s
`, acct.SID, acct.Region, acct.TimeZone, requests, p.Rate(), p.Hours, campaign.FormatDays(p.Days), campaign.FormatCap(p.DailyCap), campaign.FormatCountries(p.Countries))
}

// settingsView is the JSON of an account with its settings.
type settingsView struct {
	accountView
	policyView
}

// policyView is the JSON of an account's settings for campaigns.
type policyView struct {
	CallsAMinute int      `json:"calls_a_minute"`
	CallingHours string   `json:"calling_hours"`
	CallingDays  string   `json:"calling_days"`
	DailyCap     *int     `json:"daily_cap"` // null means the default, -1 no limit
	Countries    []string `json:"countries"` // null means the default, ["all"] all countries
}

func policyJSON(p *campaign.Policy) policyView {
	view := policyView{CallsAMinute: p.Rate(), CallingHours: p.Hours.String(), CallingDays: campaign.FormatDays(p.Days), Countries: p.Countries}
	if p.DailyCap != 0 {
		view.DailyCap = &p.DailyCap
	}
	return view
}
