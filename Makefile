# Everything a checkout can do. `make` alone lists it.
#
# The first use makes .venv and installs, when run as root, the few system packages that are
# missing; otherwise it names them in one line. ARGS="..." adds arguments to the command of a target.

.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
ARGS ?=
JOBS ?= 0

# Tests on several processors: those that share a lab in one process, the longest first (a plugin of ours
# sees to that; ARGS=--record-seconds keeps how long they took).
BESIDE ?= -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder
WORKERS ?= auto

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Compiled once, whatever the environment says of it: starting from text takes twice as long, and tests
# are rewritten on top. `make clean` removes it.
unexport PYTHONDONTWRITEBYTECODE

LABS := $(patsubst labs/%/lab.yml,%,$(wildcard labs/*/lab.yml))
CACHE := $${XDG_CACHE_HOME:-$$HOME/.cache}/offnet

# A virtual environment knows its own path and Python: after a move or an upgrade it is made again.
$(shell [ -x $(BIN)/python ] && [ "$$(cat $(READY) 2>/dev/null)" = "$$PWD" ] || rm -f $(READY))

.PHONY: help labs test test-quick lint render bench lock clean clean-cache tools always

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "labs: $(LABS)"

lab-%: $(READY) tools always ## bring up the lab of that name, prove it, take it down
	@exec $(BIN)/offnet check $* $(ARGS)

labs: $(READY) tools ## the same for every lab, JOBS at a time (default: as many as processors)
	@exec $(BIN)/offnet check $(LABS) --jobs $(JOBS) $(ARGS)

test: $(READY) tools ## every test, the labs' proofs on real daemons included
	@exec $(BIN)/python -m pytest $(BESIDE) $(ARGS)

# In labs/ there is none.
test-quick: $(READY) ## the tests that start no daemon
	@exec $(BIN)/python -m pytest tests -m "not lab" $(BESIDE) $(ARGS)

lint: $(READY) ## style, types, and whether topologies/ is what labs/ say
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/shellcheck --external-sources --source-path=SCRIPTDIR .github/scripts/*.sh
	$(BIN)/offnet render --check

render: $(READY) ## write topologies/ anew from labs/
	@exec $(BIN)/offnet render $(ARGS)

bench: $(READY) tools ## how long things take, as medians of several runs
	@$(BIN)/python benchmarks/render.py
	@$(BIN)/python benchmarks/check.py
	@$(BIN)/python benchmarks/check.py --crypto modern
	@$(BIN)/python benchmarks/check.py --runs 3 $(LABS)
	@$(BIN)/python benchmarks/compare.py
	@$(BIN)/python benchmarks/reroute.py
	@$(BIN)/python benchmarks/reverse_route.py
	@$(BIN)/python benchmarks/runtimes.py
	@$(BIN)/python benchmarks/reverse_route.py remote-access
	@$(BIN)/python benchmarks/shortcut.py
	@$(BIN)/python benchmarks/logins.py
	@$(BIN)/python benchmarks/logins.py --crypto modern
	@$(BIN)/python benchmarks/failover.py
	@$(BIN)/python benchmarks/failover.py --crypto modern

lock: ## pin today's versions of all dependencies in requirements.lock
	@set -eu; new=$$(mktemp -d); trap 'rm -rf "$$new"' EXIT; \
	$(PYTHON) -m venv "$$new"; "$$new/bin/pip" install --quiet --disable-pip-version-check uv; \
	"$$new/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras \
	    --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean: ## remove what was made here: environment, runs, caches of tools
	rm -rf $(VENV) runs dist .coverage .hypothesis
	find . \( -name __pycache__ -o -name '.*_cache' \) -type d -prune -exec rm -rf {} +

clean-cache: ## remove all that is built once for every lab, and takes minutes to build again
	rm -rf "$(CACHE)"

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || $(call need,python3 python3-venv)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "offnet needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version)." \
	         "Name another one: make PYTHON=python3.12" >&2; exit 3; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    $(call need,python$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv)
	@echo "making $(VENV), once (about 30 s)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@echo "$$PWD" >$(READY)

# What the node image, the sandbox kernel and the sandbox need of this machine.
tools:
	@PATH="$$PATH:/usr/sbin:/sbin"; missing=; \
	for pair in mmdebstrap:mmdebstrap mkfs.ext4:e2fsprogs ssh:openssh-client newuidmap:uidmap; do \
	    command -v "$${pair%:*}" >/dev/null || missing="$$missing $${pair#*:}"; \
	done; \
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$$missing debian-archive-keyring"; \
	[ -z "$$missing" ] || $(call need,$$missing)

always:

# Install packages when run as root, otherwise say how.
need = { \
    if [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then \
        echo installing $(1); export DEBIAN_FRONTEND=noninteractive; \
        apt-get install -y -qq --no-install-recommends $(1) >/dev/null 2>&1 || \
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends $(1) >/dev/null; }; \
    else \
        echo "This machine lacks packages that need root to install:" >&2; \
        echo >&2; echo "    sudo apt-get install -y" $(1) >&2; echo >&2; exit 3; \
    fi; }
