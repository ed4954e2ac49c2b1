"""`python -m companion`: the companion alone, without the server's code in memory; the same as `backline companion`."""

import sys

from companion.commands import main

if __name__ == "__main__":
    sys.exit(main())
