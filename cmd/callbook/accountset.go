package main

import (
	"context"
	"fmt"

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
	JSON         bool    `name:"json" help:"Print JSON."`

	change []func(*campaign.Policy) // the changes that the flags ask for
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
	var p campaign.Policy
	for _, change := range c.change {
		change(&p)
	}
	return p.Check()
}

func (c *accountSetCmd) will(change func(*campaign.Policy)) { c.change = append(c.change, change) }

func (c *accountSetCmd) Run(ctx context.Context, std streams) error {
	if err := c.mustHold(); err != nil {
		return err
	}
	return c.withDB(ctx, func(db commandStore) error {
		acct, err := account.NewDirectory(db, clock.System).Account(ctx, c.SID)
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
			return printJSON(std.out, policyJSON(acct, &p))
		}
		_, err = fmt.Fprintf(std.out, `Campaigns of account %s
  calls a minute           %d
  calling hours            %s, in the callee's own time
  calling days             %s
  calls a day to a number  %s
  countries                %s
`, acct.SID, p.Rate(), p.Hours, campaign.FormatDays(p.Days), campaign.FormatCap(p.DailyCap), campaign.FormatCountries(p.Countries))
		return err
	})
}

// policyView is the JSON of an account's settings.
type policyView struct {
	AccountSID   string   `json:"account_sid"`
	CallsAMinute int      `json:"calls_a_minute"`
	CallingHours string   `json:"calling_hours"`
	CallingDays  string   `json:"calling_days"`
	DailyCap     *int     `json:"daily_cap"` // null means the default, -1 no limit
	Countries    []string `json:"countries"` // null means the default, ["all"] all countries
}

func policyJSON(acct account.Account, p *campaign.Policy) policyView {
	view := policyView{AccountSID: acct.SID, CallsAMinute: p.Rate(), CallingHours: p.Hours.String(), CallingDays: campaign.FormatDays(p.Days), Countries: p.Countries}
	if p.DailyCap != 0 {
		view.DailyCap = &p.DailyCap
	}
	return view
}
