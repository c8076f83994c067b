"""``python -m ops.migrate``: the schema, the roles and their passwords, brought up to date.

A process of its own: the supervisor stays small, and only this one holds the administrator's DSN.
"""

import os
import sys

from ops.home import Home
from ops.processes import role_passwords
from ops.vault import Vault
from xsight_core.db.migrate import upgrade
from xsight_core.errors import XsightError

__all__ = ["main"]


def main() -> None:
    """Upgrade ``XSIGHT_ADMIN_DATABASE_URL`` with the passwords kept in ``XSIGHT_HOME``."""
    passwords = role_passwords(Vault(Home.named().secrets))
    try:
        upgrade(os.environ["XSIGHT_ADMIN_DATABASE_URL"], passwords)
    except XsightError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
