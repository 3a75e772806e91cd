# The two commands a newcomer needs are `make run` and `make test`; both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Every process would compile all of SAIF again where the environment forbids to keep what was compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test lint lint-types lint-rules bench soak lock words screenshots pictures engine clean help

help: ## Say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: $(VENV)/.run ## Set up everything and serve SAIF at http://127.0.0.1:8000 (PORT and SAIF_HOME move it)
	@exec $(BIN)/saif serve

test: ## Set up what tests need (Java, Chromium, PostgreSQL by apt where it may) and run all of them
	@tests/prepare.sh & beside=$$!; $(MAKE) --no-print-directory $(VENV)/.dev && wait $$beside
	@$(BIN)/pytest -n $(TESTERS) --dist loadfile $(ARGS)

# One more than there are cores: tests that wait for a browser or a server leave theirs to another.
TESTERS := $(shell expr $$(nproc) + 1)

lint: $(VENV)/.dev ## Format, rules, types, layers, and whether the docs say what the code does
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint-types lint-rules

lint-types:
	$(BIN)/mypy

lint-rules:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python docs/check.py

bench: $(VENV)/.dev ## Measure receive, normalise, compile and export on SQLite and PostgreSQL
	@tests/prepare.sh
	@for what in compile receive normalise export; do $(BIN)/python -m benchmarks.$$what $(ARGS) || exit 1; done

soak: $(VENV)/.dev ## 300 + 300 interviews filled by JavaRosa against a running server; 20 phones offline for 4 weeks
	@tests/prepare.sh
	$(BIN)/python -m benchmarks.soak $(ARGS)
	$(BIN)/python -m benchmarks.weeks

screenshots: $(VENV)/.dev ## Every page at 1280 and 380 px, into var/screenshots
	@tests/prepare.sh
	$(BIN)/python -m tests.ui.screenshots var/screenshots

pictures: $(VENV)/.dev ## The pictures of docs/phones.md, after a change of the pages they show
	@tests/prepare.sh
	$(BIN)/python -m tests.ui.pictures

engine: ## Build the form engine of the browser pages again (npm), after a change of engine/
	cd engine && npm ci && npm run build

words: $(VENV)/.dev ## Collect the texts of the interface into app/translations/*.po, after a change of them
	@mkdir -p var
	@$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --keywords N_ --keywords worded --add-location=file --sort-by-file \
		--no-wrap --project SAIF --version 1 --msgid-bugs-address "" --output-file var/words.pot .
	@for language in fr es ar; do $(BIN)/pybabel --quiet update --init-missing --input-file var/words.pot \
		--output-file app/translations/$$language.po --locale $$language --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date --no-wrap || exit 1; done

lock: ## Write the exact versions and hashes again, after a change of pyproject.toml
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile $(LOCK) --output-file requirements.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
# No address of a package index goes into the lock files: they must work on any mirror. Extras stay: pip that finds
# flask locked and flask[async] wanted takes the newest flask for the latter, and refuses it for want of a hash.
LOCK := --quiet --upgrade --generate-hashes --all-build-deps --allow-unsafe --no-strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

clean: ## Remove the virtual environment and caches, never var/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The project itself is installed as a link, so that the command `saif` is there and edits count at once.
$(VENV)/.run: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements-dev.txt
	@touch $@
