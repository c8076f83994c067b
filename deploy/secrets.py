"""Writes the secrets of an installation in containers once: ``deploy/secrets/NAME``, or another folder for Kubernetes.

The folder is for its owner only (mode 700), the files in it for everybody (644): compose mounts each file as it is, and
containers read it under users of their own.
"""

import argparse
import base64
import secrets
import subprocess
from pathlib import Path

FOLDER = Path(__file__).with_name("secrets")
ROLES = {
    "XSIGHT_DATABASE_URL": "xsight_app",
    "XSIGHT_INGEST_DATABASE_URL": "xsight_ingest",
    "XSIGHT_SPAWNER_DATABASE_URL": "xsight_spawner",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--shopify-client-id", default="", help="of your app; may be filled in later"
    )
    parser.add_argument("--shopify-client-secret", default="")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--postgres", default="postgres:5432/xsight", help="HOST:PORT/DATABASE")
    parser.add_argument("--valkey", default="valkey:6379/0", help="HOST:PORT/NUMBER")
    given = parser.parse_args()
    folder: Path = given.folder
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    admin, valkey = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    made = {
        "postgres-password": admin,
        "XSIGHT_ADMIN_DATABASE_URL": f"postgresql://postgres:{admin}@{given.postgres}",
        "valkey.conf": f"requirepass {valkey}\nappendonly yes\nmaxmemory-policy noeviction\n",
        "XSIGHT_REDIS_URL": f"redis://:{valkey}@{given.valkey}",
        "XSIGHT_KEYRING": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "XSIGHT_HUB_CLIENT_SECRET": secrets.token_urlsafe(24),
        "XSIGHT_HUB_API_TOKEN": secrets.token_hex(32),
        "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(32),
        "JUPYTERHUB_CRYPT_KEY": secrets.token_hex(32),
        "hub-cookie-secret": secrets.token_hex(32),
        "SHOPIFY_CLIENT_ID": given.shopify_client_id,
        "SHOPIFY_CLIENT_SECRET": given.shopify_client_secret,
        "oidc.pem": _signing_key(),
    }
    for variable, role in ROLES.items():
        made[variable] = f"postgresql://{role}:{secrets.token_urlsafe(24)}@{given.postgres}"
    # one run makes a whole set that fits together, or none of it
    there = sorted(name for name in made if (folder / name).exists())
    if there:
        raise SystemExit(f"{folder / there[0]} exists: remove {folder} to make new secrets.")
    for name, text in made.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)


def _signing_key() -> str:
    command = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
