# make demo [VIDEO=path]   install the core, highlight a film, leave a result to open. The film that comes along is made by
#                          programs, its speaker too, and the usual rule is not sure that somebody speaks: hence its style
# make page [VIDEO=path]   install what the page needs, open it with a film
# make test                install everything, run the tests
# make test-batch          many films at once: workers and a cluster, some of them killed
# make test-browser        the page and the study in a browser
# make test-all            all of these, those that take longer, and those of research/
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
VIDEO  ?=
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# What is compiled once is kept, whatever the shell says: the tests start many processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo page test test-batch test-browser roads lint types imports check test-all bench stress evaluate results clean

demo: $(VENV)/.core
ifeq ($(strip $(VIDEO)),)
	@mkdir -p build
	$(BIN)/limelight highlight examples/demo.mp4 --style generated --loudness=-23 -o build/demo.highlighted.mp4 --force --report
	@echo
	@echo "How far from the well mixed truth (SI-SDR: how near), and how much of the input's distance is gone:"
	@$(BIN)/limelight score build/demo.highlighted.mp4 --target examples/demo-truth.m4a --input examples/demo.mp4
	@echo
	@echo "Open build/demo.highlighted.html to see and hear it."
else
	$(BIN)/limelight highlight "$(VIDEO)" --force --report
endif

page: $(VENV)/.page
	$(BIN)/limelight serve $(if $(strip $(VIDEO)),"$(VIDEO)",examples/demo.mp4)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto

test-batch: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 -m "batch and not slow" tests/batch

test-browser: $(VENV)/.dev
	$(BIN)/python -m pytest -m "browser and not slow" tests/server tests/study

test-all: $(VENV)/.all
	$(BIN)/python -m pytest -n auto -m "slow or not slow" tests research/tests

# From nothing to a film, at toy size: a tiny separator out of made sounds; the papers' networks from films to an ablation.
roads: $(VENV)/.dev
	@mkdir -p build
	PYTHON=$(abspath $(BIN))/python research/runs/tiny_lite.sh build/tiny_lite
	PYTHON=$(abspath $(BIN))/python runs/road.sh

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

check: lint types imports

# The site, into build/site; a warning or a broken link is an error. `make reference` writes the pages that code knows best.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir build/site

reference: $(VENV)/.dev
	$(BIN)/python docs/generate.py

# Speed and memory, ratios in one run; writes docs/benchmark.md.
bench: $(VENV)/.dev
	$(BIN)/python bench/run.py

# Everything that can go wrong, many times over; writes docs/reliability.md. Half an hour on two cores.
stress: $(VENV)/.dev
	$(BIN)/python stress/run.py

# How good the packaged model is, beside controls and oracles: make evaluate DATA=folder, a sound library or a built data set
evaluate: $(VENV)/.dev
	@mkdir -p build
	$(BIN)/limelight evaluate "$(DATA)" --into build/evaluate

# Several models on a built data set, into build/results: make results DATA=folder [MODELS=a,b,c]
MODELS ?= lite,separate-and-level,separate-and-level-film
results: $(VENV)/.dev
	@mkdir -p build
	$(BIN)/limelight evaluate "$(DATA)" --models "$(MODELS)" --into build/results

$(VENV)/.core: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	@touch $@

$(VENV)/.docs: $(VENV)/.core
	$(PIP) -e ".[docs]"
	@touch $@

$(VENV)/.page: $(VENV)/.core
	$(PIP) -e ".[page]"
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) -e ".[cluster,context,mcp,page,train,dev]"
	@touch $@

# Every extra but two: `docs` has its own above, and `eval` brings a torchvision that fits only the usual build of torch.
$(VENV)/.all: $(VENV)/.dev
	$(PIP) -e ".[cluster,context,data,mcp,page,separators,train,dev]"
	@touch $@

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache
