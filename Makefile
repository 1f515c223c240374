# Outcrop: `make help` lists what there is.

.DEFAULT_GOAL := help
.PHONY: help run build test peers lint bench fmt install wasm-toolchain

CARGO ?= cargo
PREFIX ?= $(HOME)/.local
# Where the tests and `make run` keep compiled plugins; the user's own cache is left alone.
export OUTCROP_CACHE_DIR ?= $(CURDIR)/target/outcrop-cache

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

run: ## set everything up; list models and stream an answer, from Bedrock or, without credentials, from the simulator
	$(CARGO) build --locked -p outcrop-cli -p bedrock-sim
	@tests/run-demo target/debug

build: ## the release binary: target/release/outcrop
	$(CARGO) build --locked --release -p outcrop-cli

install: build ## the release binary into PREFIX/bin
	install -D -m 755 target/release/outcrop $(DESTDIR)$(PREFIX)/bin/outcrop

test: peers ## set everything up and run every test
	$(CARGO) build --locked --workspace --exclude outcrop-bench --all-targets
	env -u AWS_PROFILE -u AWS_BEARER_TOKEN_BEDROCK AWS_EC2_METADATA_DISABLED=true \
	    PATH="$(CURDIR)/target/peers/bin:$$PATH" $(CARGO) test --locked --workspace --exclude outcrop-bench

peers: ## install the peers that the tests are held against, where PyPI can be reached
	@tests/peers

lint: ## formatting, clippy with warnings as errors, licences and sources of dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	tests/deny

fmt: ## format the code
	$(CARGO) fmt --all

bench: ## the benchmark table; RUNS=5 repeats it
	$(CARGO) build --locked --release -p outcrop-bench
	target/release/outcrop-bench --runs $(or $(RUNS),1)

wasm-toolchain: ## for machines on which rustup cannot download: a wasm standard library from Debian's packages
	plugin/builder/debian-wasm-toolchain.sh target/wasm-toolchain
