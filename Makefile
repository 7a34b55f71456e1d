# The one set of verbs that people and CI share. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Dagster, dbt and Great Expectations send nothing out; the code says so too, this covers the tools run by hand.
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

.PHONY: help setup demo docs test bench bench-sandbox bench-year bench-demo up pictures lint lock clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## a .venv from the locked, hashed set (the others call it themselves)

$(BIN)/uv: requirements/uv.txt
	@command -v $(PYTHON) >/dev/null || { echo "fbinfor needs Python 3.11 as '$(PYTHON)' (set PYTHON=...)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(STAMP): $(BIN)/uv requirements/lock.txt pyproject.toml
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/lock.txt requirements/uv.txt \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## shop orders to FreshBooks to Infor M3 and back, checked to the cent  [ORDERS=FILE FROM=DATE TO=DATE]
	@$(BIN)/fbinfor demo $(if $(ORDERS),--orders "$(ORDERS)") $(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)")

test: $(STAMP) ## the whole test suite
	@$(BIN)/python -m pytest

bench: $(STAMP) ## what it costs, as ratios (writes var/bench/)
	@$(BIN)/python -m tests.bench

bench-sandbox: $(STAMP) ## requests a second of the simulators, bulks of 100 (writes var/bench/)  [BENCH_SECONDS=3]
	@$(BIN)/python -m tests.bench_sandbox

bench-year: $(STAMP) ## a whole year of orders through everything, tied out to the cent (writes var/bench/)  [ORDERS=FILE]
	@$(BIN)/python -m tests.bench_year $(if $(ORDERS),--orders "$(ORDERS)")

bench-demo: $(STAMP) ## the demo's days and ten times as many: what the second costs of the first (writes var/bench/)
	@$(BIN)/python -m tests.bench_demo

up: $(STAMP) ## everything on loopback; one Ctrl-C ends it all
	@$(BIN)/fbinfor up

docs: $(STAMP) ## every table and column of the warehouse as one page (writes var/docs/index.html)
	@$(BIN)/fbinfor docs

pictures: $(STAMP) ## the README's screenshots anew, from a demo of one day (writes docs/pictures/)  [ORDERS=FILE]
	@$(BIN)/python -m tests.pictures $(if $(ORDERS),--orders "$(ORDERS)")

lint: $(STAMP) ## ruff, without changing a file
	@$(BIN)/ruff check fbinfor_assets tests && $(BIN)/ruff format --check fbinfor_assets tests

lock: $(BIN)/uv ## make the locked set anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group dev -o requirements/lock.txt
	@$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/uv.in -o requirements/uv.txt

clean: ## forget everything that was made (var, .venv)
	rm -rf var $(VENV) dbt_project/target
