"""``python -m tenon.serving.workers DESCRIPTOR`` is a worker; its supervisor starts it."""

import sys

from tenon.serving.workers._worker import main

if __name__ == "__main__":
    main(int(sys.argv[1]))
