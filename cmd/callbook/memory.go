package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"runtime/debug"

	"callbook/internal/budget"
)

const (
	// defaultMemory is the default of --memory, in MiB.
	defaultMemory = 512
	// outsideHeap is the memory of the process outside of Go's heap and stacks, in MiB:
	// SQLite's memory, and the program itself.
	outsideHeap  = 96
	sqliteMemory = 64
	// connectionsPerMiB lets idle connections, of about 20 KiB each, take a sixth of the
	// memory.
	connectionsPerMiB = 8
)

// leastMemory returns the least --memory for bodies of this size, both in MiB. Work on a
// body takes three times its size, and some MiB for its items. An account gets half of
// the requests' budget, which is half of the heap; the garbage collector and the
// connections need the rest.
func leastMemory(maxBody int) int { return outsideHeap + 4*(3*maxBody+8) }

// memory is the division of a server's memory.
type memory struct {
	total int64 // in bytes
	// byRuntime means that GOMEMLIMIT has set Go's own limit.
	byRuntime bool
}

// planMemory decides how much memory the server may use. GOMEMLIMIT, which sets Go's own
// limit, takes precedence over --memory.
func (c *serveCmd) planMemory(log *slog.Logger) memory {
	if set := os.Getenv("GOMEMLIMIT"); set != "" && set != "off" {
		m := memory{total: debug.SetMemoryLimit(-1), byRuntime: true}
		if least := int64(leastMemory(c.MaxBody)) * mib; m.total < least {
			log.Warn("GOMEMLIMIT is less than --max-body needs: one large request may exceed it",
				"gomemlimit", m.total, "needed", least)
			m.total = least
		}
		return m
	}
	return memory{total: int64(c.memory()) * mib}
}

// memory returns the value of --memory or its default.
func (c *serveCmd) memory() int {
	if c.Memory != 0 {
		return c.Memory
	}
	return max(defaultMemory, leastMemory(c.MaxBody))
}

// checkMemory validates --memory.
func (c *serveCmd) checkMemory() error {
	if least := leastMemory(c.MaxBody); c.Memory != 0 && c.Memory < least {
		text := fmt.Sprintf("--memory %d is too little for --max-body %d, which needs %d", c.Memory, c.MaxBody, least)
		if c.MaxBody > 1 {
			text += fmt.Sprintf("; with --max-body 1, %d is enough", leastMemory(1))
		}
		return errors.New(text)
	}
	return nil
}

// setLimit sets Go's memory limit. The number indexes take indexBytes on top.
func (m memory) setLimit(indexBytes int) {
	if !m.byRuntime {
		debug.SetMemoryLimit(m.total - outsideHeap*mib + heapReserve + int64(indexBytes))
	}
}

// requests returns the budget of all requests.
func (m memory) requests(connections int) *budget.Budget {
	return budget.New((m.total-outsideHeap*mib)/2, int64(connections))
}

// planConnections returns connections(asked), and logs if that is less than asked.
func (m memory) planConnections(asked int, log *slog.Logger) int {
	n := m.connections(asked)
	if n < asked {
		log.Warn("the limit on open files leaves fewer connections than --connections asks for", "asked", asked, "connections", n)
	}
	return n
}

// connections returns the limit of connections: asked, or what fits into the memory. Both
// leave some files for other uses.
func (m memory) connections(asked int) int {
	most := int(min(m.total/mib*connectionsPerMiB, math.MaxInt32))
	if asked != 0 {
		most = asked
	}
	const others = 256 // the database's files and connections
	if files := maxFiles(); files > 2*others {
		most = min(most, files-others)
	} else {
		most = min(most, files/2)
	}
	return max(1, most)
}
