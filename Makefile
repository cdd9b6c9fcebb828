# What a person and CI run. Everything else is a detail of these.
GO ?= go
LINT = $(GO) tool -modfile=.ci/tools/go.mod golangci-lint
# Where Zoom's and Microsoft's published contracts lie, for make judges.
CONTRACTS ?= ../shared/contracts
# Where the scripts leave their traffic for the judges.
TRAFFIC := $(CURDIR)/.build/traffic

.PHONY: bench build demo test deps cross lint format generate check-generated judges clean

build: ## the program, in bin/
	$(GO) build -o bin/zo365 ./cmd/zo365

demo: deps build ## the whole job, against the sandbox
	.ci/demo

test: deps ## all tests, with the real parts they need
	rm -rf $(TRAFFIC) && mkdir -p $(TRAFFIC)
	ZO365_TRAFFIC=$(TRAFFIC) .ci/gotest ./...

deps: ## what the tests and the demo need on Debian
	.ci/deps

cross: ## the other systems' builds, which nobody runs here
	for os in windows darwin; do CGO_ENABLED=0 GOOS=$$os $(GO) build -o /dev/null ./cmd/zo365 || exit 1; done

lint: ## golangci-lint, with gofumpt as its formatter
	$(LINT) run ./...
	$(LINT) fmt --diff ./...
	cd internal/sandbox/judges && $(GO) vet ./...

format:
	$(LINT) fmt ./...

generate: ## command reference, completions and schema
	$(GO) run ./internal/docgen .

check-generated: ## fails when the generated files are stale
	rm -rf .build/generated && mkdir -p .build/generated/docs
	$(GO) run ./internal/docgen .build/generated
	diff -r .build/generated/docs/reference docs/reference
	diff -r .build/generated/docs/man docs/man
	diff -r .build/generated/completions completions
	diff .build/generated/docs/permissions.md docs/permissions.md
	diff .build/generated/docs/facts.md docs/facts.md
	diff .build/generated/docs/zo365.schema.json docs/zo365.schema.json
	diff .build/generated/docs/plan.schema.json docs/plan.schema.json

judges: build ## official SDKs, strict clients and contracts judge the sandbox; after make test
	.ci/judges $(CONTRACTS) $(TRAFFIC)

bench: build ## zo365 beside DuckDB, Python and Miller, and reading live (docs/performance.md)
	.ci/bench $(BENCH)
	.ci/bench -json -people 1000000 $(BENCH)
	.ci/bench -core -people 1000000 -only zo365,duckdb $(BENCH)
	.ci/bench -formats -people 1000000 $(BENCH)
	.ci/bench -one -people 1000000 $(BENCH)
	.ci/bench -live

clean:
	rm -rf bin .build
