"""``python -m jiaoan.stream``."""

import sys

from jiaoan.stream.main import main

sys.exit(main(sys.argv[1:]))
