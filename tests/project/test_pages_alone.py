"""The process of the pages loads what pages need: it starts in front of somebody who waits."""

from __future__ import annotations

import json
import os
import subprocess
import sys

# What is needed by a few pages or by other processes, and costs a tenth of a second or more.
DEAR = ("numba", "pyarrow", "duckdb", "jiaoan.wire.jt809", "jiaoan.rules.driving.kernel")
LOADED = """
import json, sys
import django
django.setup()
from django.urls import get_resolver
from jiaoan.project.asgi import application
get_resolver().url_patterns
print(json.dumps([name for name in sys.argv[1:] if name in sys.modules]))
"""


def test_it_starts_without_what_only_a_few_pages_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *DEAR],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_the_supervisor_knows_the_file_of_the_links_without_their_code() -> None:
    from jiaoan.gateway.platform import settings
    from jiaoan.project import system

    assert system.PLATFORMS == settings.FILE
    asked = "import sys, jiaoan.project.system; print('jiaoan.wire' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "False", done.stderr
