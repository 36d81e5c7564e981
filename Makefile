# silif: `make demo` hears words in a recording, `make test` checks everything. Each target installs what it lacks.

SHELL := /bin/bash
PREFIX ?= /usr/local
BUILD ?= .build
SWIFT_FLAGS ?=
# The Swift runtime inside the commands: they start faster, take 3 MB less, and run where no Swift is installed. lld comes with
# every Swift toolchain; Debian 13's own linker would leave code writable (arm64) and relocations too.
RELEASE_FLAGS ?= --static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now
COMMANDS := kws-listen kws-score kws-model kws-bench
MODELS := $(wildcard models/*.silif)
VENV ?= .venv
PYTHON := $(VENV)/bin/python
RELEASE := $(BUILD)/release
UNLESS_BUILT = $(if $(wildcard $(addprefix $(RELEASE)/,$(COMMANDS))),,build)
FORMATTED := Package.swift Sources Tests

.PHONY: demo build test test-device test-swift test-python embedded bench bench-peers convert models install deb deb-arm64 manual format lint clean dependencies
.PHONY: lib test-arm test-examples firmware

demo: build
	@echo
	@echo "Listening to models/demo.flac:"
	@$(RELEASE)/kws-listen --input models/demo.flac

build: dependencies
	swift build --scratch-path $(BUILD) -c release $(RELEASE_FLAGS) $(SWIFT_FLAGS)

test: lint embedded test-swift test-python

# The commands' tests run the built commands, so the debug build comes first, whole.
test-swift: dependencies
	swift build --scratch-path $(BUILD) --build-tests $(SWIFT_FLAGS)
	swift test --scratch-path $(BUILD) --skip-build $(SWIFT_FLAGS)

test-python: build $(VENV)/installed
	cd tools && ../$(PYTHON) -m ruff check . && ../$(PYTHON) -m ruff format --check . && ../$(PYTHON) -m pytest -q

# Embedded Swift needs the 6.3 toolchain: a check, not part of the build.
embedded:
	tools/scripts/check_embedded.sh

# Engine, front end and detector as a static library with a C header, in build/lib/TARGET (docs/EMBEDDED.md).
TARGET ?= host
lib:
	tools/scripts/build_library.sh $(TARGET)

# The library under emulation on 64-bit and 32-bit ARM and RISC-V Linux: the same digests as here.
test-arm:
	tools/scripts/check_arm.sh

# examples/c and examples/python on this machine's library.
test-examples: $(VENV)/installed
	tools/scripts/check_examples.sh

# The library in firmware on an emulated Cortex-M4: hears a word, verifies itself, computes the same bits as here.
firmware:
	tools/scripts/check_firmware.sh

# By hand: a true hw:0,1 in real time, on an emulated kernel with a loopback card.
test-device: build
	tools/scripts/check_loopback.sh

bench: build
	$(RELEASE)/kws-bench

# The same work in other runtimes, installed into .venv-peers: a table of CPU times and ratios (docs/PEERS.md).
bench-peers: build $(VENV)/installed
	$(PYTHON) -m silif_tools.peers.command --build $(RELEASE) $(PEERS_FLAGS)

# Writes the model, and beside it a page that shows what became of the network (docs/REPORT.md).
convert: REPORT ?= $(basename $(OUTPUT)).html
convert: $(VENV)/installed
	@test -n "$(CHECKPOINT)" -a -n "$(OUTPUT)" || { echo "usage: make convert CHECKPOINT=x.pth OUTPUT=y.silif [NEURON=adlif] [WORDS=a,b] [STEP_MS=10] [BITS=8] [FRAMES=x.npy] [LABELS=y.npy] [REPORT=page.html|no] [OPTIONS='--calibrate x.npy']" >&2; exit 2; }
	$(PYTHON) -m silif_tools.export.command "$(CHECKPOINT)" --output "$(OUTPUT)" \
	  $(if $(NEURON),--neuron $(NEURON)) $(if $(WORDS),--words "$(WORDS)") $(if $(STEP_MS),--step-ms $(STEP_MS)) $(if $(BITS),--bits $(BITS)) \
	  $(if $(FRAMES),--frames "$(FRAMES)") $(if $(LABELS),--labels "$(LABELS)") $(if $(REPORT),--report "$(REPORT)") $(OPTIONS)

# Trains one of the networks that ship, from ../shared/data, and writes model, curve and card. About an hour.
models: build $(VENV)/installed
	@test -n "$(MODEL)" || { echo "usage: make models MODEL=kws12-silif [SPEECH_COMMANDS=path] [CHECKPOINT=x.pth]" >&2; exit 2; }
	$(PYTHON) -m silif_tools.release.command $(MODEL) --build $(RELEASE) \
	  $(if $(SPEECH_COMMANDS),--speech-commands "$(SPEECH_COMMANDS)") $(if $(CHECKPOINT),--checkpoint "$(CHECKPOINT)")

# Builds only what was not built: `sudo make install` after `make build` leaves no files of root in the tree.
install: $(UNLESS_BUILT)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/silif
	install $(addprefix $(RELEASE)/,$(COMMANDS)) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(MODELS) $(DESTDIR)$(PREFIX)/share/silif

# A package for the distribution that this runs on: build/deb/silif_<version>~deb<release>_<architecture>.deb
deb:
	@tools/scripts/install_dependencies.sh build
	@tools/scripts/install_dependencies.sh package
	mkdir -p build/deb
	rm -f debian/debhelper-build-stamp
	DEB_FOLDER=build/deb BUILD=$(BUILD) debian/rules binary

# The same for arm64 (Raspberry Pi OS and Debian 13), cross-compiled with Debian 13's Swift.
deb-arm64:
	tools/scripts/cross_deb_arm64.sh

# Man pages, from what each command's argument parser knows.
manual: $(UNLESS_BUILT)
	tools/scripts/make_manual.py $(BUILD)/manual $(addprefix $(RELEASE)/,$(COMMANDS))

format:
	swift format --in-place --recursive $(FORMATTED)

lint:
	swift format lint --strict --recursive $(FORMATTED)

clean:
	rm -rf $(BUILD) build

dependencies:
	@tools/scripts/install_dependencies.sh build

$(VENV)/installed: tools/pyproject.toml tools/constraints.txt
	@tools/scripts/install_dependencies.sh python
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -c tools/constraints.txt -e 'tools[train,plot,formats,test]'
	touch $@
