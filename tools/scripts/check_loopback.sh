#!/usr/bin/env bash
# Plays the demo recording into a kernel loopback card and listens on its other side, in real time, at 16 kHz mono and at
# 48 kHz stereo. Runs on an emulated kernel: needs a script like ../shared/tools/alsa-vm (ALSA_VM) and a release build.
#
#   tools/scripts/check_loopback.sh        passes when both captures give the words of models/demo.csv, and when the words
#                                          after the card was pulled out and came back under another number are heard
set -euo pipefail
cd "$(dirname "$0")/../.."
vm=${ALSA_VM:-${SILIF_SHARED:-$PWD/../shared}/tools/alsa-vm}
[[ -x $vm ]] || {
  echo "check_loopback: skipped: no $vm; set ALSA_VM to a command that runs another on a kernel with snd-aloop"
  exit 0
}
work=$PWD/.build/loopback
mkdir -p "$work"
trap 'rm -fr "$work"' EXIT
for tool in sox aplay; do
  command -v $tool >/dev/null || { echo "check_loopback: $tool is missing: apt-get install sox alsa-utils" >&2; exit 1; }
done
# Silence first: on a busy machine the listener may start seconds after the player.
sox models/demo.flac -r 16000 -c 1 "$work/mono.wav" pad 4
sox models/demo.flac -r 48000 -c 2 "$work/stereo.wav" pad 4
cat > "$work/listen.sh" <<LISTEN
for sound in mono stereo; do
  aplay -q -D hw:0,0 \$sound.wav & sleep 0.5
  $PWD/.build/release/kws-listen --device hw:0,1 --duration 20s > \$sound.words 2> \$sound.log
  wait
done
# The card goes while kws-listen listens to it by its number, and its driver is loaded again as card 3.
$PWD/.build/release/kws-listen --device hw:0,1 --duration 24s --output json > unplug.words 2> unplug.log & listener=\$!
sleep 4
echo snd_aloop.0 > /sys/bus/platform/drivers/snd_aloop/unbind
sleep 3
rmmod snd-aloop
sleep 1
insmod \$(ls $HOME/.cache/alsa-vm/kernel/lib/modules/*/kernel/sound/drivers/snd-aloop.ko*) index=3
sleep 1
aplay -q -D hw:3,0 mono.wav
wait \$listener
LISTEN
(cd "$work" && ALSA_VM_SECONDS=${ALSA_VM_SECONDS:-300} "$vm" 'bash listen.sh') || {
  echo "check_loopback: $vm ended with $?" >&2
  exit 1
}
expected=$(tail -n +2 models/demo.csv | cut -d, -f3 | paste -sd' ')
for sound in mono stereo; do
  heard=$(awk '{print $3}' "$work/$sound.words" | paste -sd' ')
  cat "$work/$sound.log"
  echo "$sound: heard '$heard'"
  [[ $heard == "$expected" ]] || { echo "check_loopback: expected '$expected'" >&2; exit 1; }
done
cat "$work/unplug.log"
grep -q '"event":"device_lost","cause":"gone"' "$work/unplug.words" || { echo "check_loopback: no loss was told" >&2; exit 1; }
heard=$(sed '1,/device_back/d' "$work/unplug.words" | sed -n 's/.*"word":"\([a-z]*\)".*/\1/p' | paste -sd' ')
echo "after unplugging: heard '$heard'"
[[ $heard == "$expected" ]] || { echo "check_loopback: expected '$expected'" >&2; exit 1; }
echo "check_loopback: passed"
