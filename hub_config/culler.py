"""``python -m hub_config.culler``: stops idle servers. JupyterHub's own culler, made to end with the Hub.

The Hub starts it in a session of its own; after a kill -9 of the Hub it would stay behind, and a second one join it.
"""

import ctypes
import os
import signal
import sys

from jupyterhub_idle_culler import main

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent == 1 or os.getppid() != parent:
        sys.exit("the Hub is gone")
    main()
