"""``python -m jiaoan.simulate CONFIG``."""

import sys

from jiaoan.simulate.cli import main

sys.exit(main(sys.argv[1:]))
