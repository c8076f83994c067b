"""Write a new Alembic revision: what the tables say against what the revisions so far make.

.venv/bin/python -m tests.support.revise "Orders carry their point of sale"
"""

import os
import sys
import tempfile
from pathlib import Path

import psycopg
from alembic.command import revision
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tests.support.postgres import start_cluster, stop_cluster
from xsight_core.db import migrate, roles


def main(message: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="xs-"))
    folder.chmod(0o711)
    try:
        cluster = start_cluster(folder, os.getpid())
        with psycopg.connect(cluster.maintenance_url, autocommit=True) as admin:
            admin.execute("CREATE DATABASE revise")
        write_revision(cluster.database("revise").admin_url, message)
    finally:
        stop_cluster(folder)


def write_revision(admin_url: str, message: str) -> None:
    """Run the revisions there are, without access rights; write down what is missing."""
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    number = f"{len(list((migrate.SCRIPTS / 'versions').glob('*.py'))) + 1:04}"
    engine = create_engine(
        admin_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool
    )
    with engine.begin() as connection:
        driver = migrate._driver(connection)
        migrate._prepare(driver, superuser=True)
        migrate._revise(connection)
        migrate._run(driver, [f"SET LOCAL ROLE {roles.OWNER}"])
        config.attributes["connection"] = connection
        revision(config, message, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main(sys.argv[1])
