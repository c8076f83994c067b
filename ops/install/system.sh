#!/bin/sh
# Installs a Debian package as root where its program is missing; says plainly what is lost otherwise.
# $1: program, $2: package, $3: what is lost without it
command -v "$1" >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "· $2 (Debian package)"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get install -qq -y --no-install-recommends "$2" ||
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$2"; }; } >/dev/null 2>&1 </dev/null
    command -v "$1" >/dev/null 2>&1 && exit 0
fi
echo "XSight: $1 is missing, so $3. Remedy: install the package $2 (Debian and Ubuntu: sudo apt install $2)" >&2
