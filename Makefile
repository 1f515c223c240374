# Outcrop: `make help` lists what there is.

.DEFAULT_GOAL := help
.PHONY: help run run-c examples run-node run-python build test test-node test-python test-otlp soak node python peers hosts lint fuzz miri bench fmt header install wasm-toolchain

CARGO ?= cargo
PREFIX ?= $(HOME)/.local
# Where the tests and `make run` keep compiled plugins; the user's own cache is left alone.
export OUTCROP_CACHE_DIR ?= $(CURDIR)/target/outcrop-cache

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

run: ## set everything up; list models and stream an answer, from Bedrock or, without credentials, from the simulator
	$(CARGO) build --locked -p outcrop-cli -p bedrock-sim
	@tests/run-demo target/debug

run-c: ## the same from C
	$(CARGO) build --locked -p bedrock-sim -p outcrop-capi
	@tests/run-demo target/debug tests/clients/c/demo target/debug

examples: ## the same from C, C++, Python, Node, Go and Java, where their tools are here
	$(CARGO) build --locked -p bedrock-sim -p outcrop-capi
	@tests/run-demo target/debug tests/clients/examples target/debug

run-node: ## the same from Node: its package, installed in a temporary folder
	$(CARGO) build --locked -p bedrock-sim -p outcrop-capi
	@tests/run-demo target/debug tests/clients/node/demo target/debug

run-python: ## the same from Python
	$(CARGO) build --locked -p bedrock-sim -p outcrop-capi
	@tests/run-demo target/debug tests/clients/python/demo target/debug

build: ## the release binary and libraries: target/release/outcrop, liboutcrop.so, liboutcrop.a
	$(CARGO) build --locked --release -p outcrop-cli -p outcrop-capi

install: build ## binary, libraries, header and pkg-config file into PREFIX
	install -D -m 755 target/release/outcrop $(DESTDIR)$(PREFIX)/bin/outcrop
	install -D -m 755 target/release/liboutcrop.so $(DESTDIR)$(PREFIX)/lib/liboutcrop.so.1
	ln -sf liboutcrop.so.1 $(DESTDIR)$(PREFIX)/lib/liboutcrop.so
	install -D -m 644 target/release/liboutcrop.a $(DESTDIR)$(PREFIX)/lib/liboutcrop.a
	install -D -m 644 host-shim/capi/include/outcrop.h $(DESTDIR)$(PREFIX)/include/outcrop.h
	install -D -m 644 host-shim/capi/include/outcrop.hpp $(DESTDIR)$(PREFIX)/include/outcrop.hpp
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)|' \
	    host-shim/capi/outcrop.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/outcrop.pc

test: peers ## set everything up and run every test
	$(CARGO) build --locked --workspace --exclude outcrop-bench --all-targets
	env -u AWS_PROFILE -u AWS_BEARER_TOKEN_BEDROCK AWS_EC2_METADATA_DISABLED=true \
	    PATH="$(CURDIR)/target/peers/bin:$$PATH" $(CARGO) test --locked --workspace --exclude outcrop-bench
	@tests/clients/node/run target/debug
	@tests/clients/python/run target/debug

test-node: ## the tests of the Node package alone
	$(CARGO) build --locked --workspace --exclude outcrop-bench
	@tests/clients/node/run target/debug

test-python: ## the tests of the Python package alone
	$(CARGO) build --locked --workspace --exclude outcrop-bench
	@tests/clients/python/run target/debug

python: ## the Python package: target/wheels/outcrop-*.whl
	$(CARGO) build --locked --release -p outcrop-capi
	@python3 host-shim/bindings/python/build_wheel.py target/wheels target/release/liboutcrop.so

node: ## the Node package: target/node/outcrop.tgz
	$(CARGO) build --locked --release -p outcrop-capi
	@host-shim/bindings/node/pack target/release/liboutcrop.so target/node

test-otlp: ## the exporter of spans, and the command built with it, against a collector on loopback
	$(CARGO) test --locked --manifest-path host-shim/otlp/Cargo.toml --target-dir target/otlp
	$(CARGO) test --locked --workspace --exclude outcrop-bench --features outcrop-cli/otlp --test otlp

soak: ## 200 streams at a time with faults and cancellations, for MINUTES=30; `make test` has a form of two minutes
	OUTCROP_SOAK_MINUTES=$(or $(MINUTES),30) $(CARGO) test --locked --workspace --exclude outcrop-bench --test soak \
	    -- --nocapture

peers: ## install the peers that the tests are held against, where PyPI can be reached
	@tests/peers

hosts: ## agent hosts that ask Bedrock through Outcrop, a turn with a tool call in each; downloads them
	$(CARGO) build --locked -p bedrock-sim -p outcrop-capi
	@for host in tests/hosts/*/run; do echo "== $$host"; "$$host" target/debug || exit; done

header: ## make the C header from the sources
	host-shim/capi/header

lint: ## formatting, clippy with warnings as errors, the C header, licences and sources of dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	host-shim/capi/header --check
	tests/deny
	tests/lint-python

fmt: ## format the code
	$(CARGO) fmt --all

fuzz: ## fuzz each target for SECONDS (900), or TARGET alone: frames, answers, configuration, requests, components
	tests/fuzz/run "$(or $(SECONDS),900)" $(TARGET)

miri: ## the unsafe code of the C ABI, as far as it needs no host, interpreted; wants a nightly compiler with Miri
	MIRIFLAGS=-Zmiri-disable-isolation $(CARGO) +nightly miri test --locked -p outcrop-capi --lib

bench: ## the benchmark table; RUNS=5 repeats it
	$(CARGO) build --locked --release -p outcrop-bench -p outcrop-capi
	target/release/outcrop-bench --outside --runs $(or $(RUNS),1)

wasm-toolchain: ## for machines on which rustup cannot download: a wasm standard library from Debian's packages
	plugin/builder/debian-wasm-toolchain.sh target/wasm-toolchain
