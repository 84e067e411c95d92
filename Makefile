# What a developer runs. `make` alone lists it.

# How long each fuzz target runs, and what the benchmark is told.
FUZZTIME ?= 20s
BENCHARGS ?=

# What dist and dist-check build for, as linux/amd64; all six platforms unless set.
PLATFORMS ?=

.DEFAULT_GOAL := help

.PHONY: build test test-programs test-rest test-short test-postgres test-tools test-race check fuzz bench dist dist-check clean help

build: ## Build the binary, ./callbook
	CGO_ENABLED=0 go build -trimpath -o callbook ./cmd/callbook

# Tests keep their files in memory where there is much of it. They lose programs by kills,
# which files survive on any file system, and never a machine; a disk only makes them wait.
MEMORY := $(shell awk '/^MemAvailable/ && $$2 > 8e6 { print "/dev/shm" }' /proc/meminfo 2>/dev/null)
ROOM := $(shell df -Pk $(MEMORY) 2>/dev/null | awk 'NR == 2 && $$4 > 8e6 { print "enough" }')
ifeq ($(MEMORY)$(ROOM)$(TMPDIR),/dev/shmenough)
test test-programs test-rest test-short test-postgres test-race: export TMPDIR := $(MEMORY)
endif

# Three run at once, and the last begins when the first of them has ended; what fails
# stops none of the others. What waits for programs begins at once, and beside it what
# computes. Vet is make check's.
test: test-tools ## Run all tests, on both engines, then those that race detection is for under it
	@$(MAKE) --no-print-directory -k -j3 test-programs test-race test-rest test-postgres

# Of each, what takes the longest begins first.
test-programs: # Those of the browser and of the whole program
	go test -vet=off -timeout 30m -p 2 ./internal/web/browsertest ./internal/test/e2e

test-rest:
	go test -vet=off -timeout 30m -p 2 ./internal/store/postgres ./internal/api ./internal/store/sqlite $$(go list ./... | grep -Ev '/(browsertest|e2e)$$')

test-short: ## Run the short tests of what needs no browser, no whole program and no PostgreSQL
	go test -short -timeout 5m $$(go list ./... | grep -Ev '/internal/(test/(e2e|bench|pgtest|openapitest|clients)|store/postgres|web/browsertest)$$')

test-postgres: # The server's tests once more; without the variable they are on SQLite
	CALLBOOK_TEST_DB=postgres go test -vet=off -timeout 30m ./internal/api ./internal/upload ./internal/server ./internal/dialer

test-tools: # The client programs that the end-to-end tests run
	@scripts/install-test-tools

# The race detector does not watch SQLite's own code: it is C that a program translated,
# and watching it took over half of the processor time of tests with a database. A package
# that shares generic code with others, as all that use a sync.Map do, has to be watched:
# the linker may take its copy of that code for all.
UNWATCHED := $(foreach p,sqlite libc memory,-gcflags=modernc.org/$(p)/...=-race=false)

# Left out is what computes in one goroutine, and what waits for programs. By itself, each
# program under race detection sleeps for a second before it ends.
test-race:
	GORACE=atexit_sleep_ms=100 go test -race $(UNWATCHED) -short -vet=off -timeout 30m ./internal/web ./internal/api ./internal/upload $$(go list ./... | grep -Ev \
		'/internal/(addressbook|csvcell|fault|phone|upload/table|wav|xlsx|test/(bench|openapitest|e2e|clients)|web/(browsertest|contacts|contacttable|imports|lists|words))$$')

check: ## Check format, vet, staticcheck, go.mod, current dependencies and the import rules
	@scripts/check

fuzz: ## Run each fuzz target for FUZZTIME
	@FUZZTIME=$(FUZZTIME) scripts/fuzz

bench: build ## Measure the server and the bare database beside it; flags in BENCHARGS
	go run ./internal/test/bench $(BENCHARGS)

dist: ## Build the archives, Debian packages, SBOMs and checksums of a release, into dist/
	@scripts/dist $(PLATFORMS)

dist-check: ## Build the last commit twice and compare every byte
	@scripts/dist-check $(PLATFORMS)

clean: ## Remove what was built, installed and measured here
	rm -rf callbook dist .tools bench-out coverage.* *.out *.test *.prof

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
