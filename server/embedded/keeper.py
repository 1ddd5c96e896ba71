"""The supervisor under its former name.

A process of an earlier release that is still running during an upgrade starts `python -m server.embedded.keeper` from
the new sources when its supervisor was killed.
"""

import sys

from server.embedded.supervisor import main

if __name__ == "__main__":
    sys.exit(main())
