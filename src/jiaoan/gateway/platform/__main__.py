"""``python -m jiaoan.gateway.platform superior|subordinate``."""

import sys

from jiaoan.gateway.platform.main import main

sys.exit(main(sys.argv[1:]))
