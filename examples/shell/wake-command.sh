#!/bin/sh
# A wake command as satellites run it: raw S16_LE at 16 kHz, mono, on standard input; the name of a word a line on standard output.
#   wyoming-satellite --wake-command wake-command.sh ...
exec kws-listen --input - --output word --quiet "$@"
