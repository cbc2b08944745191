# All that a newcomer types: `make demo`, `make test`.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
export LABELWRIGHT_DATA ?= $(if $(wildcard ../shared/data),$(abspath ../shared/data))

.PHONY: demo test test-slow test-soak studio check format bench bench-choosing bench-learning bench-consistency bench-pretraining bench-embedding bench-finetuning constraints clean

demo: $(READY)
	$(BIN)/labelwright run tasks/digits.task

test: $(READY) studio
	$(BIN)/python -m pytest -n auto -m "not slow"

test-slow: $(READY) studio
	$(BIN)/python -m pytest -n auto -m "slow and not soak"

test-soak: $(READY) studio
	$(BIN)/python -m pytest -n auto -m soak

# The real server that tests start; nothing is done where it is installed already.
studio: $(READY)
	$(BIN)/labelwright studio install --yes

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/check_imports.py
	$(BIN)/python tools/check_safety.py

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/reading.py
	$(BIN)/python bench/keystroke.py
	$(BIN)/python bench/rules.py

# An hour on two cores; finished campaigns are kept, so that a second run is quick.
bench-choosing: $(READY)
	$(BIN)/python bench/label_efficiency.py --peers --cold
	$(BIN)/python bench/selection_speed.py

bench-learning: $(READY)
	$(BIN)/python bench/learning.py --loop

# Some minutes on one core; finished runs are kept.
bench-consistency: $(READY)
	$(BIN)/python bench/consistency.py

# Half an hour on one core; finished runs are kept.
bench-pretraining: $(READY)
	$(BIN)/python bench/pretraining.py

bench-finetuning: $(READY)
	$(BIN)/python bench/finetuning.py

bench-embedding: $(READY)
	$(BIN)/python bench/embedding.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	$(BIN)/python -m compileall -q labelwright dsl loop connectors
	touch $(READY)

# Pin what is installed now, after trying newer versions.
constraints: $(READY)
	$(BIN)/python tools/pin.py > constraints.txt

clean:
	rm -rf .venv .labelwright tasks/.labelwright build dist *.egg-info
