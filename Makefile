# Everything is done by one command, `backline`; make only sees to it that it is installed.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
.DEFAULT_GOAL := help
# Tests start servers, and read a thousand files in each of their processes: compiled ones, also where an image forbids it.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help serve test check bench schema migrate seed reset long churn fanout players chaos

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(VENV)/runtime ## Start everything: databases, migrations, demo cast, web, worker; PORT=8000
	-@$(RUN) explorer/build.py
	@BACKLINE_DEMO=1 $(RUN) -m cli serve

test: $(VENV)/tools ## Run all tests (about 9 minutes on two cores)
	-@$(RUN) explorer/build.py
	@$(RUN) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

check: $(VENV)/tools ## Check formatting, lint, types, house rules and the schema file
	@$(VENV)/bin/ruff format --check -q . && $(VENV)/bin/ruff check -q . && $(VENV)/bin/mypy && $(RUN) -m pytest -q tests/test_house.py tests/test_schema.py

bench: $(VENV)/tools ## Measure reads beside a hand-written endpoint, peers in Node.js and Strawberry (5 minutes); needs a C compiler
	@$(RUN) -m benchmarks

long: $(VENV)/tools ## Run all tests in their long forms: more generated operations, more faults, more kills
	@TEST_EXAMPLES=5000 TEST_KILLS=50 $(RUN) -m pytest -q -m "long or not long" --timeout 3600

churn: $(VENV)/tools ## Kill 50,000 clients, read nothing with 100 of 1,000, and kill 50 web processes under 200 (about 5 minutes)
	@TEST_CYCLES=50000 TEST_KILLS=50 $(RUN) -m pytest -q -rP --timeout 3600 tests/engine/doors/test_churn.py tests/engine/doors/test_slow.py tests/live/test_kills.py

fanout: $(VENV)/tools ## Measure how fast one event reaches 1,000 and 5,000 sockets, beside others; needs a C compiler (about 10 minutes)
	@$(RUN) -m benchmarks.fanout

players: $(VENV)/tools ## Measure how 100 players are asked by two workers that are killed (about 5 minutes)
	@$(RUN) -m tests.players.measure

chaos: $(VENV)/tools ## Kill workers, restart databases and silence vendors over payouts, at length (about 90 minutes)
	@$(RUN) -m tests.chaos.kills
	@$(RUN) -m tests.chaos.restarts
	@$(RUN) -m tests.chaos.outages
	@$(RUN) -m tests.chaos.silence
	@$(RUN) -m tests.chaos.ledger

schema: $(VENV)/runtime ## Write schema/schema.graphql
	@$(RUN) -m cli schema

migrate: $(VENV)/runtime ## Bring the database to the present shape
	@$(RUN) -m cli migrate

seed: $(VENV)/runtime ## Write the demo cast into the database
	@BACKLINE_DEMO=1 $(RUN) -m cli seed

reset: $(VENV)/runtime ## Remove all data of the embedded databases
	@$(RUN) -m cli reset

$(VENV)/runtime: requirements.txt pyproject.toml
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@$(RUN) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/tools: requirements-dev.txt $(VENV)/runtime
	@$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
