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
	// defaultMemory is what --memory is when it is not given, in MiB.
	defaultMemory = 512
	// outsideHeap is what the process takes beside Go's heap and stacks, in MiB:
	// sqliteMemory, and the program itself.
	outsideHeap  = 96
	sqliteMemory = 64
	// connectionsPerMiB makes idle connections, of some 20 KiB each, a sixth of
	// the memory.
	connectionsPerMiB = 8
)

// leastMemory is the least --memory for bodies of a size, both in MiB. A body
// takes three times its size while it is worked on, and its items some MiB more.
// One account has half of the budget for requests, and that is half of the heap:
// the garbage collector and the connections need the rest.
func leastMemory(maxBody int) int { return outsideHeap + 4*(3*maxBody+8) }

// memory is how a server's memory is shared out.
type memory struct {
	total int64 // bytes
	// byRuntime tells that GOMEMLIMIT has set Go's own limit.
	byRuntime bool
}

// planMemory decides how much memory the server may take. GOMEMLIMIT, which sets
// Go's own limit, comes before --memory.
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

// memory is --memory, or what it is when it is not given.
func (c *serveCmd) memory() int {
	if c.Memory != 0 {
		return c.Memory
	}
	return max(defaultMemory, leastMemory(c.MaxBody))
}

// checkMemory is a part of Validate.
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

// setLimit sets Go's limit, given what the number indexes take, which come on top.
func (m memory) setLimit(indexBytes int) {
	if !m.byRuntime {
		debug.SetMemoryLimit(m.total - outsideHeap*mib + heapReserve + int64(indexBytes))
	}
}

// requests is the budget of all requests.
func (m memory) requests(connections int) *budget.Budget {
	return budget.New((m.total-outsideHeap*mib)/2, int64(connections))
}

// planConnections is connections that tells when they are fewer than was asked for.
func (m memory) planConnections(asked int, log *slog.Logger) int {
	n := m.connections(asked)
	if n < asked {
		log.Warn("the limit on open files leaves fewer connections than --connections asks for", "asked", asked, "connections", n)
	}
	return n
}

// connections is how many there may be: what was asked for, or what the memory
// has room for. Either leaves files to be opened.
func (m memory) connections(asked int) int {
	most := int(min(m.total/mib*connectionsPerMiB, math.MaxInt32))
	if asked != 0 {
		most = asked
	}
	const others = 256 // files and connections of the database
	if files := maxFiles(); files > 2*others {
		most = min(most, files-others)
	} else {
		most = min(most, files/2)
	}
	return max(1, most)
}
