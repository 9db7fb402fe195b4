"""``python -m jiaoan.gateway --bus URL --data DIR``."""

import sys

from jiaoan.gateway.main import main

sys.exit(main(sys.argv[1:]))
