# `make` lists the targets. Each installs what it lacks. Lines that begin with ## are what it lists.

SHELL := /bin/bash
PREFIX ?= /usr/local
BUILD ?= .build
SWIFT_FLAGS ?=
# The Swift runtime inside the commands: they start faster, take 3 MB less, and run where no Swift is installed. lld comes with
# every Swift toolchain; Debian 13's own linker would leave code writable (arm64) and relocations too.
# Without what differs from build to build (`make reproducible`): a hash of each module, and an id made of what is stripped later.
RELEASE_FLAGS ?= --static-swift-stdlib -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen -Xlinker --build-id=none --disable-local-rpath -Xswiftc -use-ld=lld -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now
COMMANDS := kws-listen kws-score kws-model kws-bench
MODELS := $(wildcard models/*.silif)
VENV ?= .venv
PYTHON := $(VENV)/bin/python
RELEASE := $(BUILD)/release
UNLESS_BUILT = $(if $(wildcard $(addprefix $(RELEASE)/,$(COMMANDS))),,build)
FORMATTED_SWIFT := Package.swift Sources Tests
FORMATTED_C = $(shell find Sources Tests examples tools web -name "*.[ch]")
# Its version decides how C is laid out: tools/constraints.txt.
CLANG_FORMAT ?= $(VENV)/bin/clang-format

.PHONY: help demo test build install uninstall convert models bench lib firmware deb deb-arm64 test-swift test-python embedded lint format
.PHONY: image web test-web test-service test-libraries measure-pulse
.PHONY: count wheel test-wheel test-wheel-arm test-wyoming test-cluster bench-cluster bench-python test-arm test-examples test-device bench-peers samples docs manual clean dependencies
.PHONY: fuzz fuzz-planted sanitize soak valgrind reproducible sign

##Use it

help:
	@awk '/^##[^ ]/ { printf "\n%s\n", substr($$0, 3) } \
	  /^## / { text = substr($$0, 4) } \
	  /^[a-z0-9-]+:/ && text { split($$0, name, ":"); printf "  make %-14s %s\n", name[1], text; text = "" }' Makefile
	@printf '\nTo start: make demo\n'

## build, listen to a recording, print the words it hears
demo: build
	@echo
	@echo "Listening to models/demo.flac:"
	@$(RELEASE)/kws-listen --input models/demo.flac

## build the commands into .build/release
build: dependencies
	swift build --scratch-path $(BUILD) -c release $(RELEASE_FLAGS) $(SWIFT_FLAGS)

# Builds only what was not built: `sudo make install` after `make build` leaves no files of root in the tree.
## install commands, man pages, completions and models under PREFIX (/usr/local)
install: $(UNLESS_BUILT)
	tools/scripts/install.sh $(RELEASE) "$(DESTDIR)$(PREFIX)"

## remove what `make install` installed
uninstall:
	tools/scripts/install.sh --remove "$(DESTDIR)$(PREFIX)"

# Writes the model, and beside it a page that shows what became of the network (docs/REPORT.md).
## CHECKPOINT=x.pth OUTPUT=y.silif: make a model file of a trained network
convert: REPORT ?= $(basename $(OUTPUT)).html
convert: $(VENV)/installed
	@test -n "$(CHECKPOINT)" -a -n "$(OUTPUT)" || { echo "usage: make convert CHECKPOINT=x.pth OUTPUT=y.silif [NEURON=adlif] [WORDS=a,b] [STEP_MS=10] [BITS=8] [FRAMES=x.npy] [LABELS=y.npy] [REPORT=page.html|no] [OPTIONS='--calibrate x.npy']" >&2; exit 2; }
	$(PYTHON) -m silif_tools.commands.export "$(CHECKPOINT)" --output "$(OUTPUT)" \
	  $(if $(NEURON),--neuron $(NEURON)) $(if $(WORDS),--words "$(WORDS)") $(if $(STEP_MS),--step-ms $(STEP_MS)) $(if $(BITS),--bits $(BITS)) \
	  $(if $(FRAMES),--frames "$(FRAMES)") $(if $(LABELS),--labels "$(LABELS)") $(if $(REPORT),--report "$(REPORT)") $(OPTIONS)

# About an hour; kws12 wants a GPU (docs/TRAINING.md).
## MODEL=kws12-small DATA=data: train, export, measure and describe a network that ships
models: build $(VENV)/installed
	@test -n "$(MODEL)" || { echo "usage: make models MODEL=kws12-small [DATA=folder] [SPEECH_COMMANDS=path] [CHECKPOINT=x.pth] [ALARMS=an hour] [SEED=n] [DEVICE=cuda] [EMBEDDING=wheel]" >&2; exit 2; }
	$(PYTHON) -m silif_tools.commands.release $(MODEL) --build $(RELEASE) \
	  $(if $(DATA),--data "$(DATA)") $(if $(SPEECH_COMMANDS),--speech-commands "$(SPEECH_COMMANDS)") $(if $(CHECKPOINT),--checkpoint "$(CHECKPOINT)") \
	  $(if $(ALARMS),--alarms-per-hour $(ALARMS)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(DEVICE),--device $(DEVICE)) $(if $(EMBEDDING),--embedding "$(EMBEDDING)")

## measure what a model costs on this machine
bench: build
	$(RELEASE)/kws-bench

##Package it

# Engine, front end and detector as a static library with a C header, in build/lib/TARGET (docs/EMBEDDED.md).
TARGET ?= host
## TARGET=cortex-m4: build libsilif.a and silif.h into build/lib/TARGET
lib:
	tools/scripts/build_library.sh $(TARGET)

# docs/BROWSER.md. Needs the 6.3 toolchain.
## a page that listens, by WebAssembly, into build/web
web:
	tools/scripts/build_web.sh

# Engine and models inside (docs/PYTHON.md). Needs the 6.3 toolchain; its clang and linker make both.
## the Python package silif: wheels for x86-64 and arm64 into build/wheel
wheel: $(VENV)/installed
	PYTHON=$(PYTHON) tools/scripts/build_wheel.sh x86_64
	PYTHON=$(PYTHON) tools/scripts/build_wheel.sh aarch64

## a Debian package for the distribution that this runs on, in build/deb
deb:
	@tools/scripts/install_dependencies.sh build
	@tools/scripts/install_dependencies.sh package
	mkdir -p build/deb
	rm -f debian/debhelper-build-stamp
	DEB_FOLDER=build/deb BUILD=$(BUILD) debian/rules binary

# Cross-compiled with Debian 13's Swift.
## a package for arm64: Raspberry Pi OS and Debian 13 (needs sudo)
deb-arm64:
	tools/scripts/cross_deb_arm64.sh

## KEY=private.pem: sign the packages in build (SECURITY.md)
sign:
	@test -n "$(KEY)" || { echo "usage: make sign KEY=private.pem, after make deb or make wheel" >&2; exit 2; }
	tools/scripts/sign.sh "$(KEY)" $(wildcard build/deb/*.deb build/wheel/*.whl)

## the container image `silif`, by docker, podman or buildah
image: deb
	tools/scripts/build_image.sh

## man pages into .build/manual
manual: $(UNLESS_BUILT)
	tools/scripts/make_manual.py $(BUILD)/manual $(addprefix $(RELEASE)/,$(COMMANDS))

##Work on it

## formatting, Embedded Swift, the Swift and the Python tests
test: lint embedded test-swift test-python

# The commands' tests run the built commands, so the debug build comes first, whole.
## the Swift tests alone
test-swift: dependencies
	swift build --scratch-path $(BUILD) --build-tests $(SWIFT_FLAGS)
	swift test --scratch-path $(BUILD) --skip-build $(SWIFT_FLAGS)

## the Python tests alone
test-python: build $(VENV)/installed
	cd tools && ../$(PYTHON) -m ruff check . ../python && ../$(PYTHON) -m ruff format --check . ../python && ../$(PYTHON) -m pytest -q --numprocesses auto --dist loadfile

# Embedded Swift needs the 6.3 toolchain: a check, not part of the build.
## compile the engine as Embedded Swift
embedded:
	tools/scripts/check_embedded.sh

## check the formatting of Swift and C
lint: $(VENV)/installed
	swift format lint --strict --recursive $(FORMATTED_SWIFT)
	$(CLANG_FORMAT) --dry-run --Werror $(FORMATTED_C)

## format Swift, C and Python
format: $(VENV)/installed
	swift format --in-place --recursive $(FORMATTED_SWIFT)
	$(CLANG_FORMAT) -i $(FORMATTED_C)
	cd tools && ../$(PYTHON) -m ruff check --fix . ../python && ../$(PYTHON) -m ruff format . ../python

## write the samples in README and docs anew, from what the commands print
samples: build
	tools/scripts/printed_samples.py --commands $(RELEASE) --write

## the pages of the four Swift libraries (DocC), into .build/docs
docs: build
	tools/scripts/build_docs.sh $(BUILD)

## remove what was built
clean:
	rm -rf $(BUILD) build

##Test it elsewhere

## the library on emulated ARM and RISC-V Linux: the same digests as here
test-arm:
	tools/scripts/check_arm.sh

## the library in firmware on an emulated Cortex-M4: hears a word, computes the same bits as here
firmware:
	tools/scripts/check_firmware.sh

## TARGET=cortex-m4 MODEL=models/x.silif: the instructions of a step by function, under emulation
# Not by `count: MODEL ?=`, for which make takes MODEL out of the environment of every target (make firmware reads it).
count:
	tools/scripts/count_functions.py $(TARGET) $(or $(MODEL),models/kws12-stream.silif)

## examples/c and examples/python on this machine's library
test-examples: $(VENV)/installed
	tools/scripts/check_examples.sh

## WebAssembly in Node, the same bits as here; the page in Chromium
test-web: build
	tools/scripts/check_web.sh $(WEB)

## the wheels: auditwheel, and the tests of python/ in a fresh environment
test-wheel: build wheel
	tools/scripts/check_wheel.sh

# Python and NumPy for arm64 are unpacked into build/arm64-python.
## the wheel for 64-bit ARM under emulation: the same bits as here
test-wheel-arm: wheel
	tools/scripts/check_wheel_arm64.sh

## silif-wyoming with the official client, in a fresh environment
test-wyoming: wheel
	tools/scripts/check_wyoming.sh

# Into .venv-cluster, 1.3 GB; Spark needs Java.
## silif-score on a local Ray cluster, and the example for Spark
test-cluster: build wheel
	tools/scripts/check_cluster.sh test

# Takes the clips of ../shared, and writes docs/cluster.svg.
## silif-score beside kws-score with 20,000 clips: the same rows, growth, a killed worker
bench-cluster: build wheel
	tools/scripts/check_cluster.sh measure

# In .venv-peers.
## a call from Python in blocks of 10 ms, beside the engine alone and pymicro-wakeword; score() by threads
bench-python: wheel $(VENV)/installed
	$(PYTHON) tools/scripts/measure_python.py build/wheel

# Into .venv-libraries, 1.6 GB; two minutes after that.
## networks of snnTorch, Norse, sinabs, spikingjelly and rockpool, converted: their spikes and winners
test-libraries: $(VENV)/installed
	SILIF_PYTHON=$(PYTHON) tools/scripts/check_libraries.sh

## a true hw:0,1 in real time, on an emulated kernel with a loopback card
test-device: build
	tools/scripts/check_loopback.sh

# About ten minutes.
## the package's service on an emulated machine with systemd: killed, hung, reloaded, unplugged (needs sudo)
test-service: deb
	tools/scripts/check_service.sh "$$(ls build/deb/silif_*_$$(dpkg --print-architecture).deb | tail -1)"

## through PulseAudio with all cores busy: words, overruns, latency
measure-pulse: build $(VENV)/installed
	$(PYTHON) tools/scripts/measure_pulse.py $(RELEASE)

# Installed into .venv-peers (docs/PEERS.md).
## the same work in other runtimes: a table of times and ratios
bench-peers: build $(VENV)/installed
	$(PYTHON) -m silif_tools.commands.bench_peers --build $(RELEASE) $(PEERS_FLAGS)

##Trust it (SECURITY.md)

SECONDS ?= 600
HOURS ?= 40
AT_ONCE ?= 1

# With SEED=1 the same inputs each time, and not many; AT_ONCE=2 of the fuzzers at the same time.
## SECONDS=600: run each fuzzer for so long, Python's too
fuzz: dependencies $(VENV)/installed
	SEED=$(SEED) AT_ONCE=$(AT_ONCE) PYTHON=$(PYTHON) tools/scripts/fuzz.sh $(SECONDS) $(FUZZERS)

# Five minutes, mostly of building.
## take a mend out of a copy of the sources: the fuzzers must find it
fuzz-planted: dependencies
	tools/scripts/check_fuzzers.sh

## the Swift tests with sanitizers: addresses, leaks, undefined behaviour in C, races
sanitize: dependencies
	tools/scripts/sanitize.sh

## HOURS=40: so much sound through two runs at once; the same bytes, flat memory (37.3 h are 2^31 samples)
soak: build
	mkdir -p build
	cc -O2 tools/scripts/cut_samples.c -lsndfile -o build/cut_samples
	tools/scripts/soak.py $(RELEASE) $(HOURS) build/cut_samples

## the C examples under valgrind: no leak, no read of what was not written
valgrind:
	tools/scripts/check_valgrind.sh

## the package, built twice: the same bytes
reproducible:
	tools/scripts/check_reproducible.sh

dependencies:
	@tools/scripts/install_dependencies.sh build

# PyTorch's own index, if it can be reached, has it without CUDA: four gigabytes less.
TORCH_HOST = download.pytorch.org

$(VENV)/installed: tools/pyproject.toml tools/constraints.txt
	@tools/scripts/install_dependencies.sh python
	python3 -m venv $(VENV)
	index=; getent hosts $(TORCH_HOST) > /dev/null && index="--extra-index-url https://$(TORCH_HOST)/whl/cpu"; \
	  $(VENV)/bin/pip install --disable-pip-version-check $$index -c tools/constraints.txt -e 'tools[train,plot,formats,test]'
	touch $@
