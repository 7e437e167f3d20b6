# The two commands of the README are `make run` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

.venv/.ready: requirements.lock pyproject.toml scripts/setup
	@scripts/setup

run: .venv/.ready  ## set everything up and start the proxy
	@echo 'In another shell: export PATH="$(CURDIR)/.venv/bin:$$PATH"; then dlp demo' >&2
	@exec .venv/bin/dlp up

lint: .venv/.ready  ## ruff, mypy --strict, import direction
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache | tail -n 12

test: .venv/.ready  ## set everything up and run the whole suite
	@scripts/debian-packages
	@$(MAKE) --no-print-directory lint
	@.venv/bin/pytest -q -n auto --dist loadgroup

bench: .venv/.ready  ## figures against stock mitmdump and other scanners, in one run
	@.venv/bin/python -m tests.bench $(ARGS)
	@.venv/bin/python -m tests.bench.inside
	@.venv/bin/python -m tests.bench.policy
	@.venv/bin/python -m tests.bench.uploads

bench-detect: .venv/.ready  ## detection beside three other scanners
	@.venv/bin/python -m tests.bench.detect

ops-test: .venv/.ready  ## an hour of operations in four minutes: alerts, panels, audit
	@scripts/debian-packages
	@.venv/bin/python -m tests.ops $(ARGS)

pictures: .venv/.ready  ## the same, and draw the dashboards for README (npm, Chromium)
	@scripts/pictures .venv/pictures
	@.venv/bin/python -m tests.ops --kit .venv/pictures --pictures docs/pictures $(ARGS)

agents-test: .venv/.ready  ## real agents (npm, 2 GB) in the cage, behind the shipped policy
	@scripts/debian-packages
	@[ -d .agents/node_modules ] || scripts/agents .agents
	@.venv/bin/python -m tests.agents .agents $(ARGS)

fuzz: .venv/.ready  ## search for inputs that break a property, FUZZ_SECONDS for each
	@.venv/bin/python -c 'import atheris' 2>/dev/null || \
	  .venv/bin/uv pip install -q --python .venv/bin/python 'atheris>=3.1,<4'
	@.venv/bin/python -m tests.fuzz $(ARGS)

format: .venv/.ready
	@.venv/bin/ruff check --fix -q . ; .venv/bin/ruff format -q .

lock: .venv/.ready  ## resolve the dependencies again
	@.venv/bin/uv pip compile -q --universal --python-version 3.12 --generate-hashes --all-extras \
	  --group dev --no-header --no-annotate pyproject.toml -o requirements.lock

.PHONY: help run lint test bench bench-detect ops-test pictures agents-test fuzz format lock
