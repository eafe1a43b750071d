# make lab      open the notebooks in JupyterLab
# make test     run the linter, every test and every notebook
# make refresh  execute every notebook from a clean kernel and store what it shows
# make book     write the executed notebooks as HTML pages to book/
# make parameters   run every notebook with small numbers and with another seed; stores nothing
#
# Each of them sets up .venv on first use, and again when requirements.txt or pyproject.toml change.

# The first Python on this machine that TensorFlow supports; write PYTHON=... to choose another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
# JupyterLab refuses to run as root, as one is in a container, unless it is told that this is intended.
ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
# It would look for a newer version of itself on the network without being asked.
OFFLINE := --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

.PHONY: lab test refresh book parameters requirements clean

lab: $(READY)
	$(BIN)/jupyter lab --ip=localhost $(ROOT) $(OFFLINE) notebooks

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pytest tests notebooks --nbval-lax --nbval-cell-timeout=240 -n 2 --dist loadfile

refresh: $(READY)
	$(BIN)/python tools/publish.py refresh $(NOTEBOOKS)

book: $(READY)
	$(BIN)/python tools/publish.py book

parameters: $(READY)
	$(BIN)/python tools/parameters.py $(NOTEBOOKS)

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python from 3.11 to 3.13 was found; install one, or say make PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

# For maintainers: pins the newest versions that fit pyproject.toml, for every system at once.
requirements: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --fork-strategy fewest \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml --output-file requirements.txt
	echo "-e ." >> requirements.txt

clean:
	rm -rf .venv book
