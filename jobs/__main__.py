"""`python -m jobs`: a worker, without the schema and the doors in memory; the same as `backline worker`."""

import sys

from jobs.worker import main

if __name__ == "__main__":
    sys.exit(main())
