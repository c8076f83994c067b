"""``python -m hub_config.dashboards``: the process that the Hub starts for a Hub user ``t-<slug>``."""

from hub_config.credentials import take_token
from hub_config.dashboards.forkserver import ForkServer

if __name__ == "__main__":
    token = take_token()
    ForkServer.shared()  # imports the kernels' libraries in its own process while Voila starts here
    from hub_config.dashboards.server import DashboardServer

    DashboardServer.hub_token = token
    DashboardServer.launch_instance([])
