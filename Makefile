# The commands of a working day; `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: help demo test build bench format format-check docs clean

# One set of flags for all release builds: other flags build everything again. The check of exclusive access costs CPU time on every relayed
# chunk; debug builds, which the tests run, keep it. Functions of one target are inlined into another's where that helps. The Swift runtime
# is linked in: a relayed request calls it some hundred times, and each call through a table of a shared library costs more.
RELEASE_BUILD := swift build --configuration release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked -Xswiftc -cross-module-optimization
SWIFT_SOURCES := Package.swift Sources Tests Examples
# What `make demo` passes to `commander demo`, for example DEMO_ARGUMENTS="--auto --seconds 120".
DEMO_ARGUMENTS ?=
# What `make bench` passes to `scripts/bench`; BENCH_TARGETS, BENCH_SECONDS and BENCH_ROUNDS are read from the environment.
BENCH_ARGUMENTS ?= --soak

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Build, then show one LLM failure become an incident that is explained, remediated and closed
	scripts/bootstrap demo
	swift build
	"$$(swift build --show-bin-path)/commander" demo $(DEMO_ARGUMENTS)

# Swift Testing alone: with XCTest on, its closing line counts the zero XCTest cases. Four at a time: with all at once on two cores, tests that
# wait for a process or a socket are starved by those that compute, and meet limits that are meant for outages.
test: ## Build, then run every test, with the real SDKs as clients
	scripts/bootstrap test
	swift build --build-tests
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4 swift test --skip-build --disable-xctest

build: ## Build for release; bin/commander and bin/rag-service lead to the binaries
	scripts/bootstrap build
	$(RELEASE_BUILD) --product commander
	$(RELEASE_BUILD) --product rag-service
	@mkdir -p bin
	@binaries="$$(swift build --configuration release --show-bin-path)"; \
	for product in commander rag-service; do \
	  ln -sfn "$$binaries/$$product" "bin/$$product"; \
	  echo "bin/$$product -> $$binaries/$$product"; \
	done

# Only a release build is worth measuring, and its flags are those of `build`.
bench: ## Build for release, then measure the telemetry pipeline, and the gateway against nginx, LiteLLM, TensorZero and none
	scripts/bootstrap bench
	$(RELEASE_BUILD) --product commander
	$(RELEASE_BUILD) --product gateway-bench
	$(RELEASE_BUILD) --product pipeline-bench
	@binaries="$$(swift build --configuration release --show-bin-path)"; \
	"$$binaries/pipeline-bench"; \
	scripts/bench --program "$$binaries/gateway-bench" --commander "$$binaries/commander" $(BENCH_ARGUMENTS)

format: ## Rewrite the Swift sources in the project's format
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

format-check: ## Fail where a Swift source is not in the project's format
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)

docs: ## Write docs/reference/metrics.md from the metric catalogue, and DocC archives of the public modules to .build/docc
	scripts/bootstrap build
	swift build --product commander
	@mkdir -p docs/reference
	"$$(swift build --show-bin-path)/commander" metrics catalogue --output markdown > docs/reference/metrics.md.new
	mv docs/reference/metrics.md.new docs/reference/metrics.md
	scripts/docc

clean: ## Remove what builds left behind; the Python venvs stay
	swift package clean
	rm -rf bin
