# Targets for people; `make help` lists them. What they need on a fresh machine with Go and
# npm or pip is fetched by scripts/ into .tools, at pinned versions. CI runs .ci/run.
SHELL := /bin/bash
BIN   := bin/iolaus
GO    ?= go

# All packages of the three modules: with go.work and no module at the root, ./... finds none.
PACKAGES := ./schemas/... ./pkg/... ./services/...

.PHONY: help setup build demo test setup-real test-real test-exact e2e bench eval eval-quick lint generate generate-check tidy-check isolated vuln links ci clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-15s %s\n", $$1, $$2}'

setup: ## fetch the embedded ClickHouse engine and Valkey into .tools (once)
	@scripts/setup.sh

build: ## build bin/iolaus
	@mkdir -p bin
	$(GO) build -o $(BIN) ./services/cmd/iolaus

demo: setup build ## watch the campaigns of the 2026 reports being found; off a terminal it ends by itself
	@scripts/demo.sh

test: setup ## all tests in their short form, on real engines
	$(GO) test -count=1 -timeout 15m $(PACKAGES)

setup-real: ## fetch Apache Kafka into .tools (once; Java 17 and Maven)
	@scripts/setup-real.sh

test-real: setup setup-real ## the edges and exact windows on Apache Kafka and a Redis Cluster
	@scripts/test-real.sh

test-exact: setup ## exact windows under kill -9 and rebalances; IOLAUS_LONG=1 for the long form
	$(GO) test -count=1 -timeout 45m ./services/exact/... ./services/sink/...

e2e: setup ## the built binary, driven through HTTP, Kafka and SQL
	$(GO) test -count=1 -timeout 20m ./services/e2e/...

bench: setup build ## the figures of docs/benchmarks.md, on an idle machine
	@scripts/bench.sh

eval: build ## judge the detector on worlds of every scenario, beside baselines and ablations; long
	$(BIN) eval --closed-loop --out eval-out

eval-quick: build ## the same on small worlds in under a minute, against .ci/eval-guard.yaml
	$(BIN) eval --quick --out eval-out --guard .ci/eval-guard.yaml

lint: ## gofmt, go vet, golangci-lint: import order of the core among the rest
	@scripts/lint.sh

generate: ## generate code and documents from schemas/
	@scripts/generate.sh

generate-check: ## fail where generated code is not current, or the wire format breaks
	@scripts/generate.sh --check

tidy-check: ## fail where a go.mod or go.sum is not tidy
	@scripts/modules.sh tidy

isolated: ## build and vet each module without the workspace
	@scripts/modules.sh isolated

vuln: ## known vulnerabilities in what is called
	@scripts/vuln.sh

links: ## fail where a document links to nothing
	@scripts/check-links.sh

ci: ## everything that CI runs
	@.ci/run

clean: ## remove what was built and the demo's data; .tools stays
	rm -rf bin demo-data eval-out
