#!/bin/sh
# Each secret file becomes the environment variable of its name, in this process only; names ending in _FILE stay files.
set -eu
for file in /run/secrets/*; do
    [ -f "$file" ] || continue
    name=$(basename "$file")
    case "$name" in
        *.*|*-*) ;;
        *) export "$name=$(cat "$file")" ;;
    esac
done
exec "$@"
