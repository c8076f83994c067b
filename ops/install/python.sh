#!/bin/sh
# Says in one line what is wrong with the interpreter, and how to get a right one. $1: the interpreter chosen, or nothing.
fail() { echo "XSight: $1" >&2; exit 1; }

if [ -z "$1" ]; then
    fail "needs Python 3.11, 3.12 or 3.13; found $(python3 --version 2>/dev/null || echo none). Debian and Ubuntu: apt install python3 python3-venv. Or name one: make install PYTHON=/path/to/python3.12"
fi
"$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null ||
    fail "needs Python 3.11, 3.12 or 3.13; $1 is $("$1" --version 2>/dev/null || echo 'not there'). Name another: make install PYTHON=/path/to/python3.12"
"$1" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$("$1" --version) has no venv module. Debian and Ubuntu: apt install python3-venv"
