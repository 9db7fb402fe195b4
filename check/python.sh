# Sourced by ./run and ./test at the root: sets PYTHON to an interpreter that the product accepts.
# Written for a plain POSIX shell.

suits() { # does "$1" run, and is it 3.11 to 3.14?
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null
}

if [ -n "${PYTHON:-}" ]; then
    if ! suits "$PYTHON"; then
        echo "PYTHON=$PYTHON is not a Python 3.11, 3.12, 3.13 or 3.14: name another one, or leave PYTHON unset." >&2
        exit 2
    fi
elif [ -f .venv/jiaoan-stamps.json ] && [ -x .venv/bin/python ]; then
    # Made by an earlier start, which looked at the version.
    PYTHON=.venv/bin/python
else
    for candidate in python3.14 python3.13 python3.12 python3.11 python3 python; do
        if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then
            PYTHON=$candidate
            break
        fi
    done
    if [ -z "${PYTHON:-}" ]; then
        echo "Jiaoan needs Python 3.11, 3.12, 3.13 or 3.14 and found none: install one, or name it with PYTHON=/path/to/python." >&2
        exit 2
    fi
fi
PYTHONPATH="$PWD/src${PYTHONPATH:+:$PYTHONPATH}"
export PYTHONPATH
