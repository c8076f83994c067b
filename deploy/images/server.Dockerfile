# API, worker, scheduler, relay, migration and Hub. Not run: see deploy/README.md.
FROM python:3.12.12-slim-bookworm AS build
WORKDIR /opt/xsight
COPY requirements/bootstrap.txt requirements/containers.txt requirements/
RUN python -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements/bootstrap.txt \
 && .venv/bin/uv pip install --no-cache --compile-bytecode --require-hashes --python .venv/bin/python -r requirements/containers.txt
COPY . .
RUN .venv/bin/uv pip install --no-cache --no-deps --no-build-isolation --python .venv/bin/python -e . \
 && .venv/bin/python -m xsight_ui.build \
 && .venv/bin/python -m xsight_core.clv.native.build \
 && rm -rf xsight_ui/frontend/node_modules

FROM python:3.12.12-slim-bookworm
WORKDIR /opt/xsight
# What draws text in reports that are PDF.
# hadolint ignore=DL3008  # Debian keeps one version of a package: the base image's tag is what is pinned
RUN apt-get update \
 && apt-get install -y --no-install-recommends fonts-dejavu-core libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
 && rm -rf /var/lib/apt/lists/*
# A new volume takes over owner and mode of the folder it is mounted on: the worker (uid 1000) writes the ledger, the Hub
# (root, without any capability) the rest.
RUN useradd --system --user-group --uid 1000 --home-dir /var/lib/xsight --no-create-home xsight \
 && install -d -m 0755 /var/lib/xsight /var/lib/xsight/hub /var/lib/xsight/servers /var/lib/xsight/homes \
 && install -d -m 0755 -o xsight -g xsight /var/lib/xsight/ledger /var/lib/xsight/exports /var/lib/xsight/publications
COPY --from=build /opt/xsight /opt/xsight
ENV PATH=/opt/xsight/.venv/bin:$PATH PYTHONUNBUFFERED=1 XSIGHT_HOME=/var/lib/xsight \
    MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=1000000
USER 1000
ENTRYPOINT ["sh", "/opt/xsight/deploy/images/entrypoint.sh"]
