#!/bin/sh
# Installs a file of pinned requirements into a virtual environment, made first where it is missing.
# usage: environment.sh VENV REQUIREMENTS
set -eu
venv=$1
requirements=$2

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

if ! supported "$venv/bin/python"; then
    python=
    for candidate in python3.11 python3 python3.12 python3.13; do
        if supported "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Python 3.11, 3.12 or 3.13 is needed; python3 here is" \
            "$(python3 --version 2>/dev/null || echo missing)." \
            "On Debian 12 or newer: apt-get install python3 python3-venv" >&2
        exit 1
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python can't make virtual environments. On Debian: apt-get install python3-venv" >&2
        exit 1
    fi
    "$python" -m venv --clear "$venv"
fi
echo "installing $requirements into $venv"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check -r "$requirements"
