# Every target sets up what it needs from a bare python3 (3.11 or newer). `make demo` and `make test` are the two to know.
PYTHON ?= python3
VENV := .venv
INTEROP := .venv-interop
PEERS := .venv-bench
MODELS := .venv-models
TORCH := torch==2.13.0
BIN := $(VENV)/bin
DEMO_FLAGS ?=
PYTEST_FLAGS ?=
BENCH_FLAGS ?=
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--quiet --custom-compile-command 'make lock'

.PHONY: help demo test check format lock protos bench bench-serving docs clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: $(VENV)/.runtime ## train on real data, export, serve, ask over REST and gRPC
	$(BIN)/tenon demo $(DEMO_FLAGS)

test: $(VENV)/.development $(INTEROP)/.ready ## unit, integration, end-to-end and interop tests
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_FLAGS)

bench: $(VENV)/.development $(INTEROP)/.ready $(MODELS)/.ready ## train and run models beside TensorFlow, PyTorch, plain Keras, ONNX Runtime, LiteRT; let nothing else run
	$(BIN)/python -m benchmarks.models $(BENCH_FLAGS)

bench-serving: $(VENV)/.development $(PEERS)/.ready $(INTEROP)/.ready ## measure serving beside its peers, bare engines and TensorFlow; let nothing else run
	$(BIN)/python benchmarks/serving.py $(BENCH_FLAGS)

check: $(VENV)/.development ## format, lint, types, floors, docs build
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: $(VENV)/.development ## rewrite the sources in the house format
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

docs: $(VENV)/.development ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

protos: $(VENV)/.development ## compile the .proto files into the descriptor set that Tenon loads
	$(BIN)/python tools/compile_protos.py

lock: ## resolve the dependencies again (needs uv)
	$(LOCK) pyproject.toml --extra demo --extra orbax --extra lite --extra tracing --extra parquet --group check --group test \
		-c requirements/constraints.in -o requirements/development.txt
	$(LOCK) pyproject.toml --extra demo -c requirements/development.txt -o requirements/runtime.txt
	printf 'hatchling\neditables\n' | $(LOCK) - -c requirements/development.txt -o requirements/build.txt
	$(LOCK) requirements/interop.in -o requirements/interop.txt
	$(LOCK) requirements/bench.in -o requirements/bench.txt
	$(LOCK) requirements/models.in -o requirements/models.txt

clean: ## delete the environments and everything built
	rm -rf $(VENV) $(INTEROP) $(PEERS) $(MODELS) site dist

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tenon needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/runtime.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.development: requirements/development.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/development.txt
	touch $@

$(INTEROP)/.ready: requirements/interop.txt
	$(PYTHON) -m venv $(INTEROP)
	$(INTEROP)/bin/python -m pip install --quiet --require-hashes -r requirements/interop.txt
	touch $@

$(PEERS)/.ready: requirements/bench.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements/bench.txt
	touch $@

$(MODELS)/.ready: requirements/models.txt
	$(PYTHON) -m venv $(MODELS)
	$(MODELS)/bin/python -m pip install --quiet $(TORCH)
	$(MODELS)/bin/python -m pip install --quiet --require-hashes -r requirements/models.txt
	touch $@
