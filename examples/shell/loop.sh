#!/bin/sh
# Does something for each word, in a loop: loop.sh [OPTION...], with the options of kws-listen.
kws-listen "$@" | while read -r time unit word score probability; do
  case $word in
    on) echo "lights on at $time $unit" ;;
    off) echo "lights off at $time $unit" ;;
    *) echo "heard '$word' ($score), probability $probability" ;;
  esac
done
