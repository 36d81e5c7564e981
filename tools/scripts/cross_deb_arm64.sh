#!/usr/bin/env bash
# Builds the arm64 package for Debian 13 on an amd64 machine: compiled by Debian 13's own Swift 6.0.3 against the runtime,
# headers and libraries of its arm64 packages. Much faster than compiling under emulation.
#
#   tools/scripts/cross_deb_arm64.sh [ROOT]         writes build/deb/silif_<version>~deb13_arm64.deb
#
# Needs to be root, debootstrap, qemu-user-static (man pages and self-tests come from running the commands) and 8 GB. ROOT is the
# amd64 root of Debian 13 to work in (default: build/roots/cross), made where it is missing and kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
((EUID == 0)) || { echo "cross_deb_arm64: a chroot needs root: sudo $0 $*" >&2; exit 1; }
[[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]] || {
  echo "cross_deb_arm64: arm64 programs do not run here: apt-get install qemu-user-static binfmt-support" \
    "(where no systemd runs, then: mount -t binfmt_misc none /proc/sys/fs/binfmt_misc; update-binfmts --enable)" >&2
  exit 1
}
root=$(realpath -m "${1:-build/roots/cross}")
mounts=()
cleanup() { for each in "${mounts[@]}"; do umount -q "$each" || true; done; }
trap cleanup EXIT
bind() { # bind FROM INSIDE
  mkdir -p "$root$2"
  mountpoint -q "$root$2" && return
  mount --bind "$1" "$root$2"
  mounts=("$root$2" "${mounts[@]}")
}

if [[ ! -e $root/etc/debian_version ]]; then
  mkdir -p "$root"
  debootstrap --variant=minbase trixie "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >/dev/null
fi
bind /proc /proc
bind /dev /dev
# A mirror of Swift packages that git is told to use on this machine.
for mirror in $(git config --get-regexp '^url\..*\.insteadof$' | sed -n 's|^url\.\(/[^ ]*[^/]\)/*\.insteadof .*|\1|p' | sort -u); do
  bind "$mirror" "$mirror"
done
cp /etc/resolv.conf "$root/etc/"
[[ ! -f /etc/gitconfig ]] || cp /etc/gitconfig "$root/etc/"
[[ ! -f ~/.gitconfig ]] || cp ~/.gitconfig "$root/root/"
git config --file "$root/root/.gitconfig" --replace-all safe.directory '*'
mkdir -p "$root/silif"
find "$root/silif" -mindepth 1 -maxdepth 1 ! -name '.build*' -exec rm -fr {} +
git ls-files --cached --others --exclude-standard | tar c -T - | tar x -C "$root/silif"

chroot "$root" env -i PATH="$PATH" HOME=/root DEBIAN_FRONTEND=noninteractive bash -euo pipefail <<'INSIDE'
cd /silif
sysroot=/arm64
swift=usr/libexec/swift/lib
dpkg --add-architecture arm64
packages=(swiftlang make git ca-certificates g++ pkgconf debhelper python3 binutils-aarch64-linux-gnu
  libasound2-dev:arm64 libsndfile1-dev:arm64 libstdc++6:arm64)
dpkg-query -W "${packages[@]}" >/dev/null 2>&1 || {
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null </dev/null
}

# What the compiler sees of arm64: headers and libraries unpacked, never installed.
if [[ ! -e $sysroot/$swift/swift_static ]]; then
  mkdir -p $sysroot/debs $sysroot/usr/lib
  ln -sfn usr/lib $sysroot/lib
  (cd $sysroot/debs && apt-get download -qq {swiftlang,libswiftlang,libc6,libc6-dev,libcrypt1,libcrypt-dev,libgcc-s1,libgcc-14-dev}:arm64 \
    {libstdc++6,libstdc++-14-dev,libasound2t64,libasound2-dev,libsndfile1,libsndfile1-dev,libflac14,libvorbis0a}:arm64 \
    {libvorbisenc2,libopus0,libogg0,libmpg123-0t64,libmp3lame0}:arm64 linux-libc-dev:all)
  for package in $sysroot/debs/*.deb; do
    only=()
    [[ $package != */swiftlang_* ]] || only=(./$swift/swift ./$swift/swift_static ./$swift/clang)
    dpkg-deb --fsys-tarfile "$package" | tar x --keep-directory-symlink -C $sysroot "${only[@]}"
  done
  rm -r $sysroot/debs
fi
bundle=/swift-sdks/debian13-arm64.artifactbundle
mkdir -p $bundle/sdk
cat > $bundle/info.json <<'JSON'
{"schemaVersion": "1.0", "artifacts": {"debian13-arm64": {"type": "swiftSDK", "version": "1", "variants": [{"path": "sdk"}]}}}
JSON
cat > $bundle/sdk/swift-sdk.json <<JSON
{"schemaVersion": "4.0", "targetTriples": {"aarch64-unknown-linux-gnu": {
  "sdkRootPath": "$sysroot",
  "swiftResourcesPath": "$sysroot/$swift/swift",
  "swiftStaticResourcesPath": "$sysroot/$swift/swift_static",
  "toolsetPaths": ["toolset.json"]}}}
JSON
cat > $bundle/sdk/toolset.json <<JSON
{"schemaVersion": "1.0", "swiftCompiler": {"extraCLIOptions":
  ["-use-ld=lld", "-Xclang-linker", "--gcc-toolchain=$sysroot/usr"]}}
JSON

PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_PATH=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig \
  swift build --scratch-path .build-arm64 -c release --static-swift-stdlib --swift-sdks-path /swift-sdks --swift-sdk debian13-arm64 \
  -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now
mkdir -p build/deb
rm -f debian/debhelper-build-stamp
DEB_FOLDER=build/deb BUILD=.build-arm64 PREBUILT=1 dpkg-architecture -a arm64 -c debian/rules binary
INSIDE
mkdir -p build/deb
cp "$root"/silif/build/deb/*_arm64.deb build/deb/
ls -l build/deb/*_arm64.deb
