#!/bin/sh
# Installs what is missing: the product (its Node runs everything here), then the peers and the floor's libraries.
set -e
cd "$(dirname "$0")"
[ -x ../node_modules/.bin/node ] || npm ci --prefix .. --loglevel error >&2
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --prefix . --loglevel error >&2
