# Two commands set everything up: `make lab` to read and play, `make test` to check. `make` alone prints this help.

PYTHON ?= python3
COLAB_PYTHON ?= $(or $(lastword $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python)),python3.13)
VENV := .venv
BIN := $(VENV)/bin
COLAB := .venv-colab
BENCH := .venv-bench
AUDIT := .venv-audit
CH ?=
LAB_FLAGS ?=
MODE ?= laptop
REPOSITORY :=

.DEFAULT_GOAL := help
.PHONY: help lab test test-fast check test-colab test-browser run train doctor bench html restamp lock audit data clean \
  fitting-python

help: ## this help
	@echo "The GAN course. First time or hundredth, each command sets up what it needs in $(VENV)."
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/' | column -t -s '|'
	@echo
	@echo "Options: CH=03 (one chapter), MODE=smoke|laptop|full, PYTHON=python3.12 (which interpreter)"

# Asked each time, in a blink: an interpreter that is missing, too old or not the environment's gets one plain sentence.
NEEDED := Python 3.11, 3.12 or 3.13
WHICH := -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
fitting-python:
	@stop() { echo "$$1" >&2; exit 1; }; \
	fits() { case "$$1" in 3.11|3.12|3.13) ;; *) return 1;; esac; }; \
	other="name one that you have, such as: make $(MAKECMDGOALS) PYTHON=python3.12"; \
	made=$$($(BIN)/python $(WHICH)); \
	[ -z "$$made" ] && [ -L $(BIN)/python ] && stop "$(VENV) is broken, its Python is gone: run make clean first."; \
	[ "$$made" ] && ! fits $$made && stop "$(VENV) was made with Python $$made, not $(NEEDED): run make clean first."; \
	[ "$$made" ] && [ "$(origin PYTHON)" = file ] && exit; \
	asked=$$($(PYTHON) $(WHICH)); \
	[ -z "$$asked" ] && stop "$(PYTHON) was not found. Install $(NEEDED), or $$other"; \
	fits $$asked || stop "$(NEEDED) is needed, $(PYTHON) is $$asked. Install one, or $$other"; \
	[ -z "$$made" ] || [ "$$made" = "$$asked" ] || \
	  stop "$(VENV) was made with Python $$made, you asked for $$asked: run make clean first, or leave PYTHON out."

# The environment is brought up to date whenever the lock or the project file is newer. On a terminal, what pip says
# takes one line, each message over the one before; elsewhere (in a log) it is printed as it comes.
$(VENV)/.ready: requirements.lock pyproject.toml | fitting-python
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv $(VENV)
	@echo "Installing what the course needs into $(VENV). The first time it is about 2 GB, and takes some minutes."
	@{ $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -r requirements.lock || \
	  echo failed; } | \
	while read -r what which rest; do \
	  if [ "$$what" = failed ]; then exit 1; \
	  elif [ -t 1 ]; then printf '\033[K  %s %.40s %.22s\r' "$$what" "$$which" "$$rest"; \
	  else echo "$$what $$which $$rest"; fi; \
	done && if [ -t 1 ]; then printf '\033[K'; fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

lab: $(VENV)/.ready ## open the course in JupyterLab, at chapter 1
	$(BIN)/jupyter lab --config=tools/jupyter_lab_config.py $(LAB_FLAGS)

test: $(VENV)/.ready ## unit tests, then every notebook in smoke mode (a quarter of an hour or more on 2 cores)
	$(BIN)/python -m pytest -q -n 2

test-fast: $(VENV)/.ready ## unit tests only, without the slow ones
	$(BIN)/python -m pytest -q -n 2 -m "not slow" tests

check: $(VENV)/.ready ## the author's checks: style, and saved outputs that belong to the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q tests/author

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
	$(BIN)/python tools/run.py $(CH) --mode $(MODE)

train: $(VENV)/.ready ## make shipped weights anew: make train NAME=gan_mnist
	$(BIN)/python -m gan_helpers train $(NAME)

doctor: $(VENV)/.ready ## is this machine ready?
	$(BIN)/python -m gan_helpers doctor

bench: $(BENCH)/.ready ## measure speed against what a reader would use instead (own environment, some 20 minutes)
	$(BENCH)/bin/python benchmarks/speed.py

# PyTorch gets an environment of its own, and does without if there is no build for the CPU (benchmarks/README.md).
$(BENCH)/.ready: requirements.lock pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt || { \
	  echo "Going on without PyTorch; benchmarks/README.md says how to add it."; \
	  $(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock; }
	@touch $@

html: $(VENV)/.ready ## export chapters as pages that read offline, to build/html: make html, make html CH=03
	$(BIN)/python tools/export_html.py $(CH)

restamp: $(VENV)/.ready ## write repository address and version into notebooks and README (once in a fork)
	$(BIN)/python tools/restamp.py $(REPOSITORY)
	@touch $(VENV)/.ready

lock: ## resolve the exact versions anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra tf --extra lab --extra test --no-header --no-annotate --quiet --output-file requirements.lock

audit: | fitting-python ## look the locked packages up among known vulnerabilities (needs the network)
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(AUDIT)/bin/pip-audit --no-deps --disable-pip --requirement requirements.lock

data: $(VENV)/.ready ## build the shipped data and the colour judge anew (needs npm and apt-get)
	$(BIN)/python tools/build_data.py
	$(BIN)/python tools/build_judge.py

clean: ## remove environments and caches
	rm -rf $(VENV) $(COLAB) $(BENCH) $(AUDIT) build *.egg-info .build-data .hypothesis
