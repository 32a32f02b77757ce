"""``python -m tenon`` is the command ``tenon``."""

import sys

from tenon.cli import main

if __name__ == "__main__":
    sys.exit(main())
