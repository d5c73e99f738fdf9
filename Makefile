# Thin on purpose: each line calls a real tool, and each can be run by itself.
.PHONY: demo setup check test deep fuzz bench fmt

demo:
	scripts/demo $(ARGS)

setup:
	scripts/setup

check: setup
	scripts/check/solidity
	scripts/check/artifacts
	scripts/check/slither
	scripts/check/docs
	scripts/check/deploy
	scripts/check/web
	scripts/check/rust

test: setup
	scripts/test/contracts
	scripts/test/halmos
	scripts/test/web
	scripts/test/rust

deep: setup
	scripts/deep/run

# HOURS=n; goes on from what earlier runs found.
fuzz: setup
	scripts/fuzz

bench: setup
	scripts/bench

fmt:
	cargo fmt
	cd contracts && ../scripts/foundry forge fmt
