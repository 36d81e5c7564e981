#!/usr/bin/env bash
# sign.sh KEY FILE...: signs files with a private Ed25519 key (PEM), each as FILE.sig beside it. `kws-model verify --key` checks those
# of models, openssl those of packages (SECURITY.md).
set -euo pipefail
(($# >= 2)) || { sed -n '2,3p' "$0" >&2; exit 2; }
key=$1
shift
for file in "$key" "$@"; do
  [[ -f $file && -r $file ]] || { echo "sign: $file: cannot be read" >&2; exit 1; }
done
for file in "$@"; do
  part=$(mktemp "$file.sig.XXXXXX")
  trap 'rm -f "$part"' EXIT
  openssl pkeyutl -sign -inkey "$key" -rawin -in "$file" -out "$part" || {
    echo "sign: $key: no private Ed25519 key; openssl genpkey -algorithm ed25519 -out private.pem makes one" >&2
    exit 1
  }
  chmod 644 "$part"
  mv "$part" "$file.sig"
done
