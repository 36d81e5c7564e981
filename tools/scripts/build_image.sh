#!/usr/bin/env bash
# Builds the container image `silif` from the package in build/deb, by docker, podman or buildah, whichever is there.
#
#   tools/scripts/build_image.sh             needs the package (`make deb`) and Debian's image from a registry
#   tools/scripts/build_image.sh --check     with buildah and debootstrap, as root: on a Debian of its own instead, without a registry and
#                                            a daemon, then hears the demo by pipe in a container, as a user that is not root
set -euo pipefail
cd "$(dirname "$0")/../.."
package=$(ls build/deb/silif_*_"$(dpkg --print-architecture)".deb 2>/dev/null | tail -1) || true
[[ -n $package ]] || { echo "build_image: no package in build/deb: make deb" >&2; exit 1; }
case $package in
  *~deb12_*) release=bookworm ;;
  *~deb13_*) release=trixie ;;
  *) echo "build_image: $package is of no Debian release that has an image" >&2; exit 1 ;;
esac

if [[ ${1:-} != --check ]]; then
  for tool in docker podman; do
    if command -v $tool >/dev/null && $tool info >/dev/null 2>&1; then
      exec $tool build --build-arg "BASE=docker.io/library/debian:$release-slim" -t silif .
    fi
  done
  command -v buildah >/dev/null || { echo "build_image: no docker, podman or buildah that runs: apt-get install buildah" >&2; exit 1; }
  exec buildah bud --build-arg "BASE=docker.io/library/debian:$release-slim" -t silif .
fi

((EUID == 0)) || { echo "build_image: --check needs root: sudo $0 --check" >&2; exit 1; }
for tool in buildah debootstrap; do
  command -v $tool >/dev/null || { echo "build_image: $tool is missing: apt-get install buildah debootstrap" >&2; exit 1; }
done
root=build/roots/$release-$(dpkg --print-architecture)
[[ -e $root/etc/debian_version ]] || {
  mkdir -p "$root"
  debootstrap --variant=minbase "$release" "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >/dev/null
}
store=$(mktemp -d "${TMPDIR:-/var/tmp}/build_image.XXXXXX")
buildah() { command buildah --root "$store/images" --runroot "$store/run" --storage-driver vfs "$@"; }
trap 'buildah rm --all >/dev/null 2>&1 || true; rm -fr "$store"' EXIT
base=$(buildah from scratch)
buildah add --quiet "$base" "$root" / >/dev/null
buildah commit --quiet "$base" silif-base >/dev/null
buildah rm "$base" >/dev/null
buildah bud --quiet --isolation chroot --build-arg BASE=localhost/silif-base -t silif . >/dev/null
container=$(buildah from silif)
expected=$(tail -n +2 models/demo.csv | cut -d, -f3 | paste -sd' ')
heard=$(buildah run --isolation chroot "$container" -- kws-listen --input - --output word --quiet < models/demo.flac | paste -sd' ')
user=$(buildah run --isolation chroot "$container" -- id -un)
echo "the container hears '$heard' as user $user"
[[ $heard == "$expected" && $user == kws ]] || { echo "build_image: expected '$expected' as user kws" >&2; exit 1; }
buildah inspect --format '{{.OCIv1.Config.Entrypoint}}' silif
echo "build_image: passed"
