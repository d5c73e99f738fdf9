# Thin on purpose: each line calls a real tool.
.PHONY: demo test check bench fmt setup
setup:
	scripts/setup
