# Two commands set everything up: `make lab` to read and play, `make test` to check. `make` alone prints this help.

PYTHON ?= python3
COLAB_PYTHON ?= $(or $(lastword $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python)),python3.13)
VENV := .venv
BIN := $(VENV)/bin
COLAB := .venv-colab
BENCH := .venv-bench
NB := notebooks
CH ?=
LAB_FLAGS ?=
MODE ?= laptop

.DEFAULT_GOAL := help
.PHONY: help lab test test-colab test-browser run train doctor bench lint restamp lock data clean

help: ## this help
	@echo "The GAN course. First time or hundredth, each command sets up what it needs in $(VENV)."
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/' | column -t -s '|'
	@echo
	@echo "Options: CH=03 (one chapter), MODE=smoke|laptop|full, PYTHON=python3.12 (which interpreter)"

# The environment is made anew whenever the lock or the project file is newer than it.
$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed, $(PYTHON) is $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

lab: $(VENV)/.ready ## open the course in JupyterLab
	$(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/$(NB) $(LAB_FLAGS)

test: $(VENV)/.ready ## unit tests, then every notebook in smoke mode (about 7 minutes on 2 cores)
	$(BIN)/python -m pytest -q -n 2

test-colab: $(COLAB)/.ready ## the same tests with Google Colab's versions
	$(COLAB)/bin/python -m pytest -q -n 2

$(COLAB)/.ready: requirements-colab.txt pyproject.toml
	$(COLAB_PYTHON) -m venv $(COLAB)
	$(COLAB)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-colab.txt --editable '.[lab,test]'
	@touch $@

test-browser: $(VENV)/.ready ## open chapter 3 in JupyterLab in a real browser (needs Chromium)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	$(BIN)/python -m pytest -q tests/browser

run: $(VENV)/.ready ## execute chapters in place: make run CH=03 MODE=laptop
	$(BIN)/python -m gan_helpers run $(CH) --mode $(MODE)

train: $(VENV)/.ready ## make shipped weights anew: make train NAME=gan_mnist
	$(BIN)/python -m gan_helpers train $(NAME)

doctor: $(VENV)/.ready ## is this machine ready?
	$(BIN)/python -m gan_helpers doctor

bench: $(BENCH)/.ready ## measure speed against what a reader would use instead (own environment, some 10 minutes)
	$(BENCH)/bin/python benchmarks/speed.py

# PyTorch gets an environment of its own, and does without if there is no build for the CPU (benchmarks/README.md).
$(BENCH)/.ready: requirements.lock pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt || { \
	  echo "Going on without PyTorch; benchmarks/README.md says how to add it."; \
	  $(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock; }
	@touch $@

lint: $(VENV)/.ready ## style of the code
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

restamp: $(VENV)/.ready ## write repository address and version into notebooks and README
	$(BIN)/python tools/restamp.py

lock: ## resolve the exact versions anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra tf --extra lab --extra test --no-header --no-annotate --quiet --output-file requirements.lock

data: $(VENV)/.ready ## build the shipped data anew (needs npm and apt-get)
	$(BIN)/python tools/build_data.py

clean: ## remove environments and caches
	rm -rf $(VENV) $(COLAB) $(BENCH) build *.egg-info .build-data
