# make demo    sets up what the demo needs, and runs it
# make test    sets up what the tests need (Debian's packages too, when it may), and runs them all,
#              on all cores
# make lint    the part of that which only reads: format, types, mistakes that can be seen
#              (a quarter of a minute; before each commit)
# make factory trains the models that come with Latentrack, those that are not there yet: some minutes
# make wheel   builds the firmware and those models, and dist/latentrack-….whl, which carries them
# make web     builds latentcore for a web page, with MicroPython beside it, into firmware/build/web
# make mip     makes dist/mip, which mpremote mip installs onto a Teensy from any web server
# make docs    the pages of docs/ as a site in build/docs
# make bench   measures, side by side with the peers, and writes docs/benchmarks.md
# make fuzz    feeds the decoder damaged models, and models broken by meaning
# make faults  feeds the cable damaged transfers
# make long    the tests that take too long for every day
#
# Everything that we make lives in .venv, dist, build, firmware/build, firmware/.pio and
# host/latentrack/factory/models.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
ARM := gcc-arm-none-eabi libnewlib-arm-none-eabi
# Where npm is there already it may be no package of Debian's, which would displace it.
NPM := $(if $(shell command -v npm),,nodejs npm)
WEB := clang lld $(NPM)
PACKAGES := $(ARM) qemu-system-arm libclang-rt-dev valgrind chromium puredata-core $(WEB)

# PlatformIO asks nobody for anything (see firmware/platform), and its own words, a banner at first,
# are shown only where it fails.
export PLATFORMIO_SETTING_ENABLE_TELEMETRY := no
export PLATFORMIO_DISABLE_UPGRADE_CHECK := true
PIO := cd firmware && PATH="$(BIN):$$PATH" $(BIN)/pio
PIO_LOG := .pio/build.log

.PHONY: demo test lint lint-python lint-types lint-c lint-words factory wheel mip docs bench fuzz faults long \
    x64 armv7emdp web debian arm clean

demo: x64
	@$(BIN)/latentrack demo

# Where npm does not reach its packages, the tests of the page say so and are skipped.
test: debian lint-python lint-types lint-c x64 armv7emdp
	-@$(MAKE) --no-print-directory web
	$(BIN)/python -m pytest $(ARGS)

# .pre-commit-config.yaml names these four. C is besides compiled with -Wall -Wextra -Werror.
lint: lint-python lint-types lint-c lint-words

lint-python: $(VENV)/test
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .

lint-types: $(VENV)/test
	$(BIN)/mypy --no-error-summary

lint-c: $(VENV)/test
	$(BIN)/clang-format --dry-run -Werror \
	    $$(find firmware -name .pio -prune -o -name '*.[ch]' -print)

# The tests that read the tree itself: public names, docstrings, words, what imports what.
READING := $(addprefix tests/,test_public_names.py test_docstrings.py test_texts.py test_rooms.py \
    test_waiting.py docs/test_glossary.py studio/test_reading.py packaging/test_lint.py)
lint-words: $(VENV)/test
	@mkdir -p build
	@$(BIN)/python -m pytest -q --no-header -n 0 $(READING) \
	    >build/lint-words.log 2>&1 || { cat build/lint-words.log >&2; exit 1; }

factory: $(VENV)/demo
	$(BIN)/python -m latentrack.factory

wheel: arm x64 armv7emdp web factory
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@ls dist/*.whl

mip: arm armv7emdp
	$(BIN)/python firmware/mip.py armv7emdp dist/mip

docs: $(VENV)/test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

bench: debian $(VENV)/bench x64 armv7emdp
	$(BIN)/python benchmarks/run.py

# FUZZ_SECONDS says how long each target runs.
FUZZ_SECONDS ?= 60
fuzz: debian $(VENV)/test
	$(BIN)/python firmware/fuzz/run.py --seconds $(FUZZ_SECONDS)

# The whole of the fault run (tests/end_to_end/test_faults.py does a part of it).
FAULTS ?= 2000
faults: $(VENV)/test x64
	$(BIN)/python -m tests.faults --count $(FAULTS)

# What takes too long for every day: training on the chorales and loops, a million steps.
long: debian $(VENV)/test x64 armv7emdp
	$(BIN)/python -m pytest -m long $(ARGS)

# latentcore.mpy for the virtual module, and for a Teensy 4.x.
x64 armv7emdp: $(VENV)/demo
	@mkdir -p firmware/.pio
	@$(PIO) run --silent -e $@ >$(PIO_LOG) 2>&1 || { cat $(PIO_LOG) >&2; exit 1; }

# latentcore.wasm, and MicroPython beside it, for a module in a web page.
web: $(VENV)/demo
	@sh tests/debian.sh $(WEB)
	@$(BIN)/python firmware/web/build.py firmware/build/web
	@$(BIN)/python -m latentrack.web.bundle firmware/build/web

$(VENV)/bin/python:
	@echo "Setting up $(VENV), which takes a minute or two, once."
	@$(PYTHON) -m venv $(VENV)

# Each stamp adds to the same environment, so that neither command spoils the other's.
$(VENV)/demo: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[firmware,train]'
	@touch $@

$(VENV)/test: pyproject.toml $(VENV)/demo
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[firmware,test]'
	@touch $@

# Others' libraries that ours are measured beside.
$(VENV)/bench: pyproject.toml $(VENV)/test
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[firmware,test,bench]'
	@touch $@

# What the tests need beyond Python: installed when we may, named when we may not.
debian:
	@sh tests/debian.sh $(PACKAGES)

# What firmware for a Teensy needs.
arm:
	@sh tests/debian.sh $(ARM)

clean:
	rm -rf $(VENV) build dist firmware/build firmware/.pio host/latentrack/factory/models
