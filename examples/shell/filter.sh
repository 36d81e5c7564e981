#!/bin/sh
# Words above a score, by jq: filter.sh 0.95 [OPTION...], with the options of kws-listen.
least=$1
shift
kws-listen --output json "$@" |
  jq --unbuffered -r --argjson least "$least" 'select(.event == "keyword" and .score >= $least) | "\(.word) \(.score)"'
