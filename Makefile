# Everything runs in .venv, which is made again when pyproject.toml changes.
# Another Python: make test PYTHON=python3.12

PYTHON ?= python3
BIN = .venv/bin
READY = .venv/.ready
TESTS = $(BIN)/pytest -n auto --dist worksteal

.PHONY: test thorough demo bench messages clean

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(TESTS) tests/unit --cov=svcctl.domain --cov-branch --cov-report=term:skip-covered --cov-fail-under=95
	$(TESTS) tests --ignore tests/unit

# What the suite samples, in full: every k-th call, 500 tamperings, two minutes of load. Takes hours.
thorough: $(READY)
	SVCCTL_TESTS=thorough $(TESTS) tests/faults tests/property tests/stateful

demo: $(READY)
	$(BIN)/svcctl demo demo-ledger

bench: $(READY)
	$(BIN)/python -m bench

# Collect the texts of the code, the templates and the parser; merge them into the catalogue;
# compile it. Texts without a translation are named, and a test fails for them.
messages: $(READY)
	$(BIN)/pybabel -q extract -F svcctl/locale/babel.cfg --no-location --sort-output \
		--project svcctl -o .venv/svcctl.pot svcctl $(wildcard templates) \
		$$($(BIN)/python -c 'import click, os, typer.core as core; print(os.path.dirname(click.__file__), core.__file__)')
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
		--no-wrap -D svcctl -l zh_CN -i .venv/svcctl.pot -d svcctl/locale
	$(BIN)/pybabel -q compile --statistics -D svcctl -l zh_CN -d svcctl/locale

docs/errors.md: $(READY) $(wildcard svcctl/domain/checks/*.py svcctl/domain/checks/examples/*.py)
	$(BIN)/svcctl --lang en explain --all > $@

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "svcctl needs Python 3.11 or newer. Another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

clean:
	rm -rf .venv build dist demo-ledger bench/.work .coverage* htmlcov \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
