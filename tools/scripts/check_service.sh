#!/usr/bin/env bash
# Boots an emulated machine whose first process is systemd, with the package of `make deb` installed, and lives through what happens to
# the service kws-listen there: needs to be root, debootstrap, qemu-system-x86 and the kernel of ../shared/tools/alsa-vm (ALSA_VM).
#
#   tools/scripts/check_service.sh build/deb/silif_0.1.0~deb12_amd64.deb
#
# In this order: it says that it is ready, lives through a reload, hears the demo's words from a loopback card as a user without a
# name, writes them to the journal and to a socket that another user reads; killed, it starts again; stopped dead, the watchdog starts
# it again; a file of lines is opened anew by a reload; the card's driver is unloaded and loaded again, and words are heard; wrong
# options are not tried again; it stops in peace.
set -euo pipefail
cd "$(dirname "$0")/../.."
(($# == 1)) && [[ -f $1 ]] || { sed -n '2,10p' "$0" >&2; exit 2; }
package=$(realpath "$1")
((EUID == 0)) || { echo "check_service: debootstrap needs root: sudo $0 $*" >&2; exit 1; }
vm=${ALSA_VM:-${SILIF_SHARED:-$PWD/../shared}/tools/alsa-vm}
cache=${ALSA_VM_CACHE:-$HOME/.cache/alsa-vm}
[[ -x $vm ]] || { echo "check_service: skipped: no $vm, which has a kernel with snd-aloop"; exit 0; }
for tool in debootstrap qemu-system-x86_64 busybox cpio sox; do
  command -v $tool >/dev/null || { echo "check_service: $tool is missing: apt-get install debootstrap qemu-system-x86 busybox-static cpio sox" >&2; exit 1; }
done
[[ -e $cache/ready ]] || "$vm" true
case $(dpkg-deb -f "$package" Version) in
  *~deb12) release=bookworm ;;
  *~deb13) release=trixie ;;
  *) echo "check_service: the version of $package names no Debian release" >&2; exit 1 ;;
esac
base=$PWD/build/roots/service-$release
[[ -e $base/etc/debian_version ]] || {
  mkdir -p "$base"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,udev,dbus,kmod,alsa-utils,libasound2,libsndfile1,netcat-openbsd,procps \
    "$release" "$base" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >/dev/null
}

work=$(mktemp -d "${TMPDIR:-/var/tmp}/check_service.XXXXXX")
cleanup() {
  umount -q "$work/root" || true
  rm -fr "$work"
}
trap cleanup EXIT
mkdir "$work"/{upper,workdir,root,shared,initramfs}
mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/workdir" "$work/root"
root=$work/root
cp "$package" "$root/silif.deb"
chroot "$root" dpkg --install /silif.deb >"$work/dpkg" || { cat "$work/dpkg" >&2; exit 1; }
# Silence first: the player starts before the listener is there.
sox models/demo.flac -r 16000 -c 1 "$root/demo.wav" pad 2
modules=$(echo "$cache"/kernel/lib/modules/*)
mkdir -p "$root/lib/modules"
cp -r "$modules" "$root/lib/modules/"
rm -f "$root"/lib/modules/*/{build,source}
tail -n +2 models/demo.csv | cut -d, -f3 | paste -sd' ' > "$root/expected"
echo "silif-check" > "$root/etc/hostname"
: > "$root/etc/fstab"
# Nothing that a machine without a network and a disk waits for.
for unit in systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer getty@tty1.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

cat > "$root/check" <<'CHECK'
#!/bin/bash
# Runs inside, started by systemd; says on /shared/said what it finds.
exec >/shared/said 2>&1
main() { systemctl show -p MainPID --value kws-listen; }
# Emulated, all of this takes long, and how long depends on the machine: so everything is waited for, and nothing is measured.
within() { # within SECONDS COMMAND...: waits until it succeeds
  local left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    ((left-- > 0)) || { echo "FAILED, waited for: $*"; journalctl -u kws-listen --no-pager | tail -40; return 1; }
    sleep 1
  done
}
journal() { journalctl -u kws-listen -o cat --no-pager; }
words() { sed -n 's/.*"event":"keyword","word":"\([a-z]*\)".*/\1/p' | paste -sd' '; }
hears() { # hears CARD: plays the demo, and says what words are in the journal since then; again where the player was too slow
  local before heard
  for _ in 1 2 3 4 5; do
    journalctl --sync
    before=$(journal | wc -l)
    : > /socket
    aplay -q -D "hw:$1,0" /demo.wav
    sleep 5
    journalctl --sync
    heard=$(journal | tail -n +$((before + 1)) | words)
    [[ $heard != "$(cat /expected)" ]] || break
  done
  echo "$heard"
}
is_active() { [[ $(systemctl show -p ActiveState --value kws-listen) == active ]]; }
is_new() { is_active && [[ $(main) != 0 && $(main) != "$1" ]]; }
options() {
  echo "KWS_LISTEN_OPTIONS=\"$*\"" > /etc/default/kws-listen
}
set -x
modprobe snd-aloop index=0
mkdir -p /etc/systemd/system/kws-listen.service.d
printf '[Service]\nWatchdogSec=30\nRestartSec=1\n' > /etc/systemd/system/kws-listen.service.d/check.conf
systemctl daemon-reload
# As shipped, but for the device and the socket's words.
options --device hw:0,1 --wait --output json --output word:unix:/run/kws-listen/words
systemctl start kws-listen || { journal; exit 1; }
within 60 is_active || exit 1
echo "user: $(ps -o user= -p "$(main)"), threads: $(ps -L -o cls=,rtprio= -p "$(main)" | paste -sd,)"
journal | head -5
first=$(main)
systemctl reload kws-listen
runuser -u nobody -- nc -U /run/kws-listen/words >> /socket & sleep 1
echo "heard: $(hears 0)"
echo "socket: $(paste -sd' ' /socket)"
[[ $(main) == "$first" ]] && echo "reload: it goes on"

# From its next start on.
options --device hw:0,1 --wait --output json --output word:unix:/run/kws-listen/words --output json:words.jsonl
kill -KILL "$first"
within 60 is_new "$first" || exit 1
echo "killed: started again"

second=$(main)
kill -STOP "$second"
within 180 is_new "$second" || exit 1
echo "watchdog: started again"

mv /var/lib/private/kws-listen/words.jsonl /var/lib/private/kws-listen/words.jsonl.1
systemctl reload kws-listen
within 30 test -e /var/lib/private/kws-listen/words.jsonl || exit 1
echo "reload: opened anew"

echo snd_aloop.0 > /sys/bus/platform/drivers/snd_aloop/unbind
within 60 sh -c 'journalctl --sync; journalctl -u kws-listen -o cat | grep "device_lost.*gone"' || exit 1
rmmod snd-aloop
modprobe snd-aloop index=3
within 60 sh -c 'journalctl --sync; journalctl -u kws-listen -o cat | grep device_back' || exit 1
echo "back: $(hears 3)"
echo "restarts: $(systemctl show -p NRestarts --value kws-listen)"
systemctl status kws-listen --no-pager | head -12

systemctl stop kws-listen
echo "stopped: $(systemctl show -p Result --value kws-listen)"
options --no-such-option
systemctl start kws-listen
sleep 5
echo "wrong options: $(systemctl show -p ActiveState --value kws-listen), $(systemctl show -p ExecMainStatus --value kws-listen), restarts $(systemctl show -p NRestarts --value kws-listen)"
systemd-analyze security --no-pager kws-listen | tail -1
echo done
CHECK
chmod +x "$root/check"
cat > "$root/etc/systemd/system/check.service" <<'UNIT'
[Service]
Type=oneshot
ExecStart=/check
ExecStopPost=/bin/sh -c 'sync; systemctl poweroff --force --force'
TimeoutStartSec=infinity
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -sf ../check.service "$root/etc/systemd/system/multi-user.target.wants/check.service"
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"

initramfs=$work/initramfs
mkdir -p "$initramfs"/{bin,proc,sys,dev,lower,data,merged}
cp "$(command -v busybox)" "$initramfs/bin/busybox"
cp "$cache"/initramfs/*.ko "$cache/initramfs/modules" "$initramfs/"
cat > "$initramfs/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
grep -v '^snd' /modules | while read -r module; do insmod /$module; done 2>/dev/null
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose root /lower
mount -t tmpfs tmpfs /data; mkdir /data/up /data/work
mount -t overlay -o lowerdir=/lower,upperdir=/data/up,workdir=/data/work overlay /merged
mkdir -p /merged/shared
mount -t 9p -o trans=virtio,version=9p2000.L,rw,msize=262144,cache=none shared /merged/shared
umount /proc /sys; mount --move /dev /merged/dev
exec switch_root /merged /lib/systemd/systemd
INIT
chmod +x "$initramfs/init"
(cd "$initramfs" && find . | cpio -o -H newc --quiet | gzip -1) > "$work/initrd.gz"
: > "$work/shared/said"
timeout -k 5 "${CHECK_SECONDS:-1500}" qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 1536 -nodefaults -no-reboot -display none \
  -kernel "$cache/vmlinuz" -initrd "$work/initrd.gz" -append "loglevel=3 panic=-1 console=hvc0 systemd.show_status=0" \
  -chardev "file,id=out,path=$work/console" -device virtio-serial-pci -device virtconsole,chardev=out \
  -virtfs "local,path=$root,mount_tag=root,security_model=none,readonly=on,multidevs=remap" \
  -virtfs "local,path=$work/shared,mount_tag=shared,security_model=none,multidevs=remap" </dev/null >"$work/qemu" 2>&1 || true
said=$work/shared/said
grep -v '^+' "$said" || true
expected=$(cat "$root/expected")
says() { grep -qE "^$1" "$said" || { tail -20 "$work/console" "$work/qemu" >&2; tail -40 "$said" >&2; echo "check_service: the machine did not say '$1'" >&2; exit 1; }; }
says "user: (kws-listen|[0-9]+), threads: .*FF +10"
says "heard: $expected\$"
says "socket: $expected\$"
says "reload: it goes on"
says "killed: started again"
says "watchdog: started again"
says "reload: opened anew"
says "back: $expected\$"
says "restarts: 2\$"
says "stopped: success"
says "wrong options: failed, 2, restarts 0"
says "done"
echo "check_service: passed"
