package sip_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"callbook/internal/carrier/carriertest"
	"callbook/internal/carrier/sip"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// trunks are a list of trunks.
type trunks []trunk.Trunk

func (t trunks) List(context.Context) ([]trunk.Trunk, error) { return t, nil }

// trunkTo returns a trunk that leads to a callee.
func trunkTo(callee *siptest.Callee) trunk.Trunk {
	return trunk.Trunk{
		Name: "callee", Host: callee.Addr.Addr().String(), Port: int(callee.Addr.Port()), Transport: trunk.UDP,
		Format: trunk.Plus, Codecs: []trunk.Codec{trunk.PCMA, trunk.PCMU}, CallsASecond: 1000, Channels: 1000,
	}
}

// start returns a carrier that rings for a minute.
func start(t *testing.T, change func(*sip.Options)) *sip.Carrier {
	t.Helper()
	local := netip.MustParseAddr("127.0.0.1")
	engine, err := media.Open(media.Options{First: 20000, Last: 60000, Bind: local, Now: neverLate})
	if err != nil {
		t.Fatal(err)
	}
	opts := sip.Options{Addr: netip.AddrPortFrom(local, 0), Media: engine, Dialogs: &sip.Memory{}, Ring: time.Minute, Probe: time.Second}
	change(&opts)
	c, err := sip.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContract(t *testing.T) {
	t.Parallel()
	for _, test := range carriertest.Tests() {
		t.Run(test.Name, func(t *testing.T) {
			t.Parallel()
			callee := siptest.Start(t)
			fails := func(status int) siptest.Script {
				return siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: status}) }}
			}
			talks := siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
				c.Ring(m)
				c.Pick(m)
				c.Await("ACK", 1)
				for c.Count("BYE") == 0 { // what is pressed before the question does not count
					c.Media.Press("3", siptest.Sender{})
				}
			}}
			rings := siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Ring(m) }}
			test.Run(t, carriertest.Rig{
				Carrier: start(t, func(o *sip.Options) {
					if o.Trunks = (trunks{trunkTo(callee)}); !test.HangsUp {
						o.Ring = 3 * time.Second
					}
				}),
				Talks: callee.Line(t, talks).Number, Busy: callee.Line(t, fails(486)).Number,
				NoAnswer: callee.Line(t, rings).Number, Fails: callee.Line(t, fails(500)).Number,
				Key: "3", Patience: siptest.Patience, Prompt: 25 * time.Second,
			})
		})
	}
}
