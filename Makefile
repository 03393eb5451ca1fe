# Two commands on a fresh machine with Python 3.11+: `make run` and `make test`. Each does all the set-up it needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
TESTS ?= tests
EXTRAS ?=

.PHONY: run install test check accept prove bench demo first-request format fresh peers
.DELETE_ON_ERROR:
# Without bytecode every process would compile the program anew, and the workflow sandbox every workflow's module for
# every run.
unexport PYTHONDONTWRITEBYTECODE

run: .venv ## everything on this machine: Temporal, worker, API
	@exec $(BIN)/liaison up

install: .venv ## gateways that need packages: EXTRAS="aliyun smpp"
	@for extra in $(EXTRAS); do \
	[ -f requirements-$$extra.txt ] || { echo "there is no extra $$extra: aliyun, smpp" >&2; exit 1; }; done
	@for extra in $(EXTRAS); do $(PIP) install --require-hashes -r requirements-$$extra.txt || exit 1; done

test: .venv/dev ## every behaviour, with all checks inside
	@$(MAKE) --no-print-directory check
	@timeout 20 $(MAKE) --silent peers 2>/dev/null || true
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(TESTS)

check: .venv/dev ## style, types, walls
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy

accept: .venv/dev ## each demand of docs/acceptance.toml: pass, fail or none; ONLY="L H3" for those that begin so
	@$(BIN)/python -m tests.accept $(ONLY)

prove: .venv/dev ## full numbers, each demand as "id result seconds"; ONLY="H01 H08" for some
	@$(BIN)/python -m tests.prove $(ONLY)

bench: .venv/dev ## ratios against bare Temporal or the best library, in the same run
	@$(BIN)/python -m benchmarks

demo: .venv ## a request climbs the ladder on virtual time
	@exec $(BIN)/liaison demo

first-request: ## from here to the first accepted request, in seconds
	@since=$$(date +%s) && $(MAKE) --no-print-directory .venv && \
	exec $(BIN)/python -m liaison.cli.first_request examples/request.json --since $$since

peers: tests/peers/node_modules/built ## implementations that share no code with ours, to test against; needs npm

format: .venv/dev
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

fresh: ## clone into an empty folder, empty environment, make test
	@folder=$$(mktemp -d) && git clone --quiet . $$folder/judge-liaison && \
	env -i PATH="$$PATH" HOME="$$HOME" $(MAKE) -C $$folder/judge-liaison test; \
	ended=$$?; rm -rf "$$folder"; exit $$ended

# Built aside and moved into place by its marker: an interrupted build is begun anew.
.venv: .venv/built

.venv/built: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "judge-liaison needs Python 3.11 or newer: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "Python's venv is missing: install the package python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@echo "installing ..." >&2
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/built requirements-dev.txt
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

tests/peers/node_modules/built: tests/peers/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js" >&2; exit 1; }
	@cd tests/peers && npm ci --silent
	@touch $@
