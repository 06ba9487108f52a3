# Everything a newcomer needs, in one word each. `make` alone lists the commands.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help env report evaluation performance response registry everything test quick lint format lab docs bench constraints clean

help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(VENV)/.installed ## make the environment (in .venv)

# uv resolves and installs in seconds what takes pip minutes; it comes from the same registry as everything else.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("aspfin needs Python 3.11 or newer; " + sys.executable + " is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[test,docs]'
	@touch $@

report: env ## run the main job: Cambodia's floods, nationally and for each of the 25 provinces
	$(BIN)/aspfin run parameters/financing -j $(JOBS)

evaluation: env ## run the evaluation reports: four published studies and a made-up programme with known truth
	$(BIN)/aspfin run parameters/evaluation -j $(JOBS)

performance: env ## run the performance reports: coverage, incidence, adequacy, poverty, targeting
	$(BIN)/aspfin run parameters/performance -j $(JOBS)

response: env ## run the reports on shock response, on costs, and on what really happened
	$(BIN)/aspfin run parameters/response parameters/costing parameters/replay -j $(JOBS)

registry: env ## run the registry report: six messy programme lists become one picture
	$(BIN)/aspfin run parameters/registry -j $(JOBS)

everything: env ## run every report there is; what is unchanged is kept
	$(BIN)/aspfin run parameters -j $(JOBS)

# Files in their order: those of tests/batch take longest, and should not be left for one worker at the end.
test: env lint ## run all tests: unit, golden, property, notebooks, command line
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder
	$(BIN)/aspfin warm -- $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --nbval -o addopts= -p no:hypothesispytest notebooks/workshop

quick: env ## run the quick subset of the tests
	$(BIN)/python -m pytest -m "not slow"

lint: env ## check style, in code and notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: env ## put code and notebooks into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lab: env ## open JupyterLab at the start notebook
	$(BIN)/aspfin lab

docs: env ## build the reference pages of the package in build/docs
	$(BIN)/python docs/build_reference.py

bench: env ## run the benchmarks and print their tables
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

constraints: env ## resolve the tested versions anew (constraints.txt)
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --extra test --extra docs --upgrade \
		--no-header --no-annotate --no-emit-index-url --output-file constraints.txt
	@$(BIN)/uv --version | awk '{print "uv==" $$2}' >> constraints.txt

clean: ## remove the environment and everything generated
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis
	find reports -mindepth 1 -not -name README.md -delete
