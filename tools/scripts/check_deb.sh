#!/usr/bin/env bash
# Installs a package of `make deb` in a clean root of its distribution and uses it there: needs to be root, and debootstrap.
#
#   tools/scripts/check_deb.sh build/deb/silif_0.1.0~deb13_amd64.deb [ROOT]
#
# ROOT is a root of the distribution (default: build/roots/<release>-<architecture>, made by debootstrap where it is missing). It is not
# changed: the package goes into an overlay. A foreign architecture needs qemu-user-static. Compares with .build/release (`make build`).
# Where lintian is installed, it must have nothing to say.
set -euo pipefail
cd "$(dirname "$0")/../.."
(($# >= 1)) && [[ -f $1 ]] || { sed -n '2,8p' "$0" >&2; exit 2; }
((EUID == 0)) || { echo "check_deb: mounts need root: sudo $0 $*" >&2; exit 1; }
[[ -x .build/release/kws-model ]] || { echo "check_deb: nothing to compare with: make build" >&2; exit 1; }
for tool in debootstrap sox; do
  command -v $tool >/dev/null || { echo "check_deb: $tool is missing: apt-get install debootstrap sox" >&2; exit 1; }
done
package=$1
architecture=$(dpkg-deb -f "$package" Architecture)
case $(dpkg-deb -f "$package" Version) in
  *~deb12) release=bookworm ;;
  *~deb13) release=trixie ;;
  *) echo "check_deb: the version of $package names no Debian release" >&2; exit 1 ;;
esac
base=${2:-build/roots/$release-$architecture}
[[ -e $base/etc/debian_version ]] || {
  mkdir -p "$base"
  debootstrap --arch="$architecture" --variant=minbase "$release" "$base" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >/dev/null
}

if command -v lintian >/dev/null; then
  lintian --allow-root --fail-on error,warning,info "$package" || { echo "check_deb: lintian objects" >&2; exit 1; }
  echo "lintian: nothing to say"
fi

work=$(mktemp -d "${TMPDIR:-/var/tmp}/check_deb.XXXXXX")
root=$work/root
cleanup() {
  umount -q "$root/proc" || true
  umount -q "$root" || true
  rm -fr "$work"
}
trap cleanup EXIT
mkdir "$work/upper" "$work/workdir" "$work/trace" "$root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/workdir" "$root"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$package" "$root/silif.deb"
cp models/demo.flac "$root/"
mkdir "$root/trace"
in_root() { chroot "$root" env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes "$@"; }

in_root apt-get update -qq
in_root apt-get install -o Dpkg::Use-Pty=0 -y -qq --no-install-recommends /silif.deb >/dev/null
in_root sh -c '! command -v swift' || { echo "check_deb: there is a Swift in the root" >&2; exit 1; }
echo "installed on Debian $(cat "$root/etc/debian_version") $architecture, with: $(in_root dpkg-query -W -f '${Depends}' silif)"

in_root sh -c 'kws-model verify /usr/share/silif/*.silif'
expected=$(tail -n +2 models/demo.csv | cut -d, -f3 | paste -sd' ')
hears() { # hears WHAT ARGUMENT...: kws-listen with these arguments hears the demo's words
  local heard
  heard=$(in_root kws-listen "${@:2}" 2>"$work/messages" | awk '{print $3}' | paste -sd' ') || { cat "$work/messages" >&2; exit 1; }
  [[ $heard == "$expected" ]] || { echo "check_deb: from $1 it heard '$heard', not '$expected'" >&2; exit 1; }
  echo "heard from $1: $heard"
}
hears "a file" --input /demo.flac

# A device that plays the demo: alsa-lib's own file plugin, all of a microphone but the hardware.
sox models/demo.flac -t raw -r 16000 -c 1 -b 16 -e signed "$root/demo.raw"
cat > "$root/etc/asound.conf" <<'ALSA'
pcm.demo {
  type file
  slave.pcm { type null }
  file "/dev/null"
  infile "/demo.raw"
  format "raw"
}
ALSA
hears "an ALSA device" --device demo --duration "$(soxi -D models/demo.flac)s"

# Every step of every layer over the demo is what the commands built here compute, bit for bit.
for model in "$root"/usr/share/silif/*.silif; do
  name=$(basename "$model" .silif)
  in_root kws-model trace "$name" --input /demo.flac --output "/trace/$name" >/dev/null
  .build/release/kws-model trace "$model" --input models/demo.flac --output "$work/trace/$name" >/dev/null
  diff -r "$work/trace/$name" "$root/trace/$name" || { echo "check_deb: $name computes something else here" >&2; exit 1; }
  echo "trace of $name equal: $(cat "$root/trace/$name"/* | sha256sum | cut -c1-16)"
done

# One executable under four names.
installed_kb=$(in_root dpkg-query -W -f '${Installed-Size}' silif)
((installed_kb <= 20000)) || { echo "check_deb: $installed_kb kB are installed, more than 20 MB" >&2; exit 1; }
echo "installed: $installed_kb kB"
for name in kws-listen kws-score kws-model kws-bench; do
  in_root $name --version >/dev/null || { echo "check_deb: $name does not run" >&2; exit 1; }
  [[ -s $root/usr/share/man/man1/$name.1.gz ]] || { echo "check_deb: no man page of $name" >&2; exit 1; }
done
in_root apt-get purge -o Dpkg::Use-Pty=0 -y -qq silif >/dev/null
leftovers=$(find "$root/usr/bin/" "$root/usr/share" -name 'kws-*' -o -path "$root/usr/share/silif*")
[[ -z $leftovers ]] || { echo "check_deb: left behind after removal: $leftovers" >&2; exit 1; }
echo "check_deb: passed"
