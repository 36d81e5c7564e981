#!/usr/bin/env bash
# Installs what a fresh Debian 12 or 13 machine lacks, and nothing where nothing is missing.
#
#   tools/scripts/install_dependencies.sh build     libasound and libsndfile headers, pkg-config
#   tools/scripts/install_dependencies.sh python    python3 with venv
#   tools/scripts/install_dependencies.sh package   what `make deb` needs besides
#   tools/scripts/install_dependencies.sh shell     what examples/shell calls; where it is missing, their tests are skipped
#   tools/scripts/install_dependencies.sh TARGET    the linker for a target of tools/scripts/build_library.sh
#   tools/scripts/install_dependencies.sh arm-check cross compilers and emulators for tools/scripts/check_arm.sh
#   tools/scripts/install_dependencies.sh spark     Java 17 or later, for tools/scripts/check_cluster.sh
#   tools/scripts/install_dependencies.sh valgrind  what tools/scripts/check_valgrind.sh runs
#   tools/scripts/install_dependencies.sh web       Node, for tools/scripts/check_web.sh
#   tools/scripts/install_dependencies.sh browser   Chromium, for the same
#   tools/scripts/install_dependencies.sh firmware  compilers, C libraries and emulators for examples/firmware
set -euo pipefail

missing=()
need() { # need PACKAGE COMMAND...: the package is missing when the command fails
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

case ${1:-} in
  build)
    command -v swift >/dev/null || {
      echo "swift is missing: install it from swift.org, or on Debian 13 with: sudo apt install swiftlang" >&2
      exit 1
    }
    need g++ compgen -G '/usr/lib/gcc/*/*/libstdc++.so' # Debian's swiftlang comes without the C++ runtime to link with.
    need pkg-config pkg-config --version
    if command -v pkg-config >/dev/null; then
      need libasound2-dev pkg-config --exists alsa
      need libsndfile1-dev pkg-config --exists sndfile
    else
      missing+=(libasound2-dev libsndfile1-dev)
    fi
    ;;
  python)
    need python3 python3 --version
    need python3-venv python3 -c 'import ensurepip'
    ;;
  shell)
    need jq command -v jq
    need mosquitto test -x /usr/sbin/mosquitto
    need mosquitto-clients command -v mosquitto_pub
    ;;
  package)
    need debhelper command -v dh
    need python3 python3 --version
    ;;
  host)
    need gcc command -v cc
    need libc6-dev test -f /usr/include/stdio.h
    ;;
  cortex-m4 | cortex-m7) need binutils-arm-none-eabi command -v arm-none-eabi-ld ;;
  wasm32) ;; # all of it is in the toolchain
  web) need nodejs command -v node ;;
  browser)
    need chromium command -v chromium
    need chromium-driver command -v chromedriver
    ;;
  riscv32) need binutils-riscv64-unknown-elf command -v riscv64-unknown-elf-ld ;;
  aarch64-linux) need binutils-aarch64-linux-gnu command -v aarch64-linux-gnu-ld ;;
  armv7-linux) need binutils-arm-linux-gnueabihf command -v arm-linux-gnueabihf-ld ;;
  riscv64-linux) need binutils-riscv64-linux-gnu command -v riscv64-linux-gnu-ld ;;
  arm-check)
    need python3 command -v python3
    need gcc command -v cc
    need libc6-dev test -f /usr/include/stdio.h
    need gcc-aarch64-linux-gnu command -v aarch64-linux-gnu-gcc
    need libc6-dev-arm64-cross test -f /usr/aarch64-linux-gnu/lib/libc.a
    need gcc-arm-linux-gnueabihf command -v arm-linux-gnueabihf-gcc
    need libc6-dev-armhf-cross test -f /usr/arm-linux-gnueabihf/lib/libc.a
    need gcc-riscv64-linux-gnu command -v riscv64-linux-gnu-gcc
    need libc6-dev-riscv64-cross test -f /usr/riscv64-linux-gnu/lib/libc.a
    command -v qemu-aarch64 >/dev/null || need qemu-user-static command -v qemu-aarch64-static
    ;;
  firmware)
    need gcc-arm-none-eabi command -v arm-none-eabi-gcc
    need libnewlib-arm-none-eabi test -d /usr/lib/arm-none-eabi/newlib
    need qemu-system-arm command -v qemu-system-arm
    need gcc-riscv64-unknown-elf command -v riscv64-unknown-elf-gcc
    need picolibc-riscv64-unknown-elf test -d /usr/lib/picolibc/riscv64-unknown-elf
    need qemu-system-misc command -v qemu-system-riscv32
    ;;
  # 17 on Debian 12, 21 on Debian 13; Spark 4 takes both.
  spark) need default-jre-headless command -v java ;;
  valgrind)
    need valgrind command -v valgrind
    need gcc command -v cc
    need libc6-dbg test -d /usr/lib/debug/.build-id
    ;;
  *)
    sed -n '2,15p' "$0" >&2
    exit 2
    ;;
esac

if ((${#missing[@]})); then
  echo "installing ${missing[*]}"
  run=()
  ((EUID == 0)) || run=(sudo)
  exec 9<"$0"
  # Targets of make that run at once: apt-get refuses to.
  flock -w 900 9 || {
    echo "install_dependencies: another one has been installing for 15 minutes; wait for it, or end it" >&2
    exit 1
  }
  "${run[@]}" apt-get update -qq 9>&-
  DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 9>&-
fi
