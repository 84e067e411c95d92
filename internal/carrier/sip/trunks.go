package sip

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"callbook/internal/trunk"
)

const (
	// lookUpEvery is how often the hosts of a trunk are looked up again, and lookUpWithin
	// how long that may take.
	lookUpEvery  = time.Minute
	lookUpWithin = 4 * time.Second
	// hopWithin is how long it may take to look up the next hop of a call.
	hopWithin = time.Second
	maxHosts  = 16
)

// reloadAll reads the trunks again and again, until ctx ends.
func (c *Carrier) reloadAll(ctx context.Context) {
	tick := time.NewTicker(c.opts.Reload)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.woken:
		case <-tick.C:
		}
		c.reload(ctx)
	}
}

// reload reads the trunks. Trunks that have not changed keep their state. After an error all
// trunks stay as they are.
func (c *Carrier) reload(ctx context.Context) {
	trunks, err := c.opts.Trunks.List(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.opts.Log.Warn("the trunks could not be read; it will be tried again", "error", err)
		}
		return
	}
	old := c.lines.list()
	var all []*line
	var looking sync.WaitGroup
	channels, changed := 0, false
	for _, t := range trunks {
		channels += t.Channels
		i := slices.IndexFunc(old, func(l *line) bool { return reflect.DeepEqual(l.trunk, t) })
		if i >= 0 {
			all = append(all, old[i])
			continue
		}
		if t.Locked != "" {
			c.opts.Log.Error("a trunk gets no calls", "trunk", t.Name, "error", t.Locked)
		}
		l := newLine(t, old)
		if c.opts.Shares != nil {
			l.load.share(c.hungry)
		}
		all, changed = append(all, l), true
		looking.Go(func() { c.lookUp(ctx, l) })
	}
	if ports := c.opts.Media.Ports(); changed && channels > ports {
		c.opts.Log.Warn("the trunks have more channels than there are ports for sound: give more by --rtp-ports", "channels", channels, "ports", ports)
	}
	looking.Wait()
	slices.SortStableFunc(all, func(a, b *line) int { return cmp.Compare(a.trunk.Rank, b.trunk.Rank) })
	c.lines.mu.Lock()
	c.lines.all = all
	c.lines.mu.Unlock()
	for _, l := range old {
		if !slices.Contains(all, l) {
			l.stop()
			l.probe.Wait()
		}
	}
	for _, l := range all {
		if l.stop == nil {
			var probing context.Context
			probing, l.stop = context.WithCancel(ctx)
			if l.trunk.Register && l.trunk.Locked == "" {
				l.probe.Go(func() { c.register(probing, l) })
			}
			l.probe.Go(func() { c.watch(probing, l) })
		}
	}
}

// newLine returns the line of a new or changed trunk. Old are the lines until now.
func newLine(t trunk.Trunk, old []*line) *line {
	l := &line{trunk: t, load: &load{}, since: time.Now(), probed: make(chan struct{})}
	if t.Register {
		l.unregistered = notYet
	}
	if i := slices.IndexFunc(old, func(o *line) bool { return o.trunk.Name == t.Name }); i >= 0 {
		before := old[i]
		before.mu.Lock()
		defer before.mu.Unlock()
		l.load = before.load
		l.proven = before.proven && before.trunk.Host == t.Host && before.trunk.Port == t.Port && before.trunk.Transport == t.Transport
	}
	return l
}

// lookUp finds the hosts of a trunk (RFC 3263): SRV records if no port is given, or else
// addresses. Hosts that were known keep their state. If no host is found, the known ones
// stay.
func (c *Carrier) lookUp(ctx context.Context, l *line) {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	found, err := c.hosts(ctx, &l.trunk)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil || len(found) == 0 {
		l.lookUp = plainLookUp(err)
		return
	}
	for i, h := range found {
		if j := slices.IndexFunc(l.hosts, func(k *host) bool { return k.dest == h.dest && k.addr == h.addr && k.local == h.local }); j >= 0 {
			found[i] = l.hosts[j]
		}
	}
	l.hosts, l.lookUp = found, nil
}

// plainLookUp returns the reason of an error of the resolver without the server's address.
func plainLookUp(err error) error {
	if dns, ok := err.(*net.DNSError); ok {
		return &net.DNSError{Err: dns.Err, Name: dns.Name}
	}
	return err
}

// hosts returns the hosts of a trunk, the preferred ones first.
func (c *Carrier) hosts(ctx context.Context, t *trunk.Trunk) (hosts []*host, err error) {
	type target struct {
		name string
		port int
	}
	port := cmp.Or(t.Port, defaultPort(t.Transport))
	targets := []target{{t.Host, port}}
	if _, err := netip.ParseAddr(t.Host); err != nil && t.Port == 0 {
		service, proto := "sip", string(t.Transport)
		if t.Transport == trunk.TLS {
			service, proto = "sips", "tcp"
		}
		if _, records, err := c.opts.Resolver.LookupSRV(ctx, service, proto, t.Host); err == nil && len(records) > 0 {
			targets = nil
			for _, r := range records {
				targets = append(targets, target{r.Target, int(r.Port)})
			}
		}
	}
	for _, to := range targets {
		addrs, e := c.addresses(ctx, to.name)
		if e != nil {
			err = e
			continue
		}
		for _, a := range addrs {
			if len(hosts) < maxHosts {
				hosts = append(hosts, &host{dest: net.JoinHostPort(a.String(), strconv.Itoa(to.port)), addr: a, local: c.net.sentBy(a), since: time.Now()})
			}
		}
	}
	return hosts, err
}

// addresses returns the addresses of a host, IPv4 first.
func (c *Carrier) addresses(ctx context.Context, name string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	addrs, err := c.opts.Resolver.LookupNetIP(ctx, "ip", name)
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return cmp.Compare(a.BitLen(), b.BitLen()) })
	return addrs, err
}

// reached returns the dialog with an address as its next hop, because only messages from
// known addresses are read. If the next hop is a name that cannot be resolved here, such as
// one within a company, the dialog goes on with sent, the next hop before.
func (c *Carrier) reached(d Dialog, sent string) Dialog {
	name, port, err := net.SplitHostPort(d.Dest)
	if _, notAddr := netip.ParseAddr(name); err != nil || notAddr == nil {
		return d
	}
	ctx, cancel := context.WithTimeout(c.life, hopWithin)
	defer cancel()
	d.Dest = sent
	if addrs, err := c.addresses(ctx, name); err == nil && len(addrs) > 0 {
		d.Dest = net.JoinHostPort(addrs[0].String(), port)
	}
	return d
}

// defaultPort returns the port of a transport (RFC 3261, section 19.1.2).
func defaultPort(t trunk.Transport) int {
	if t == trunk.TLS {
		return 5061
	}
	return 5060
}

// hostOf returns the host part of a trunk's URIs.
func hostOf(t *trunk.Trunk) string {
	host := t.Host
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		host = "[" + host + "]"
	}
	if t.Port != 0 {
		host += ":" + strconv.Itoa(t.Port)
	}
	return host
}

// paramOf returns the transport parameter of a trunk's URIs.
func paramOf(t *trunk.Trunk) string {
	if t.Transport == trunk.UDP {
		return ""
	}
	return ";transport=" + string(t.Transport)
}
