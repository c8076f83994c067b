"""``make chaos``, contract: 20,000 requests by the OpenAPI document's rules and against them, and every change with
every kind of body nobody should send.

Promises: no answer 5xx, none that the document does not describe. ``XSIGHT_CONTRACT_CASES`` says how many (24000),
``XSIGHT_CONTRACT_SEED`` which.
"""

import os
import secrets
import subprocess
import sys

CASES = os.environ.get("XSIGHT_CONTRACT_CASES", "24000")
SEED = os.environ.get("XSIGHT_CONTRACT_SEED", str(secrets.randbelow(10**6)))


def test_nothing_that_is_sent_breaks_the_contract():
    print(f"seed {SEED}, {CASES} requests")
    holds(
        "tests/api/test_contract.py::test_what_the_document_says_is_so",
        XSIGHT_CONTRACT_CASES=CASES,
        XSIGHT_CONTRACT_SEED=SEED,
    )


def test_no_body_breaks_a_change():
    holds(
        "tests/api/accounts/test_bodies.py::test_no_body_breaks_a_change", XSIGHT_BODIES_SHARE="1"
    )


def holds(test, **long):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-q", "-s", "-p", "no:cacheprovider", test],
        env=os.environ | long,
        check=False,
    )
    assert done.returncode == 0
