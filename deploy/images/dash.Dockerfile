# A tenant's dashboard server: its own environment, nothing of the server's. Not run: see deploy/README.md.
FROM python:3.12.12-slim-bookworm AS build
WORKDIR /opt/xsight
COPY requirements/bootstrap.txt requirements/dash.txt requirements/
RUN python -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements/bootstrap.txt \
 && .venv/bin/uv pip install --no-cache --compile-bytecode --require-hashes --python .venv/bin/python -r requirements/dash.txt

# The front end is built here: `xsight_ui/static` is not in git.
FROM node:24.19.0-slim AS frontend
WORKDIR /frontend
COPY xsight_ui/frontend/package.json xsight_ui/frontend/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY xsight_ui/frontend .
RUN node build.mjs /static

FROM python:3.12.12-slim-bookworm
WORKDIR /home/analyst
RUN useradd --uid 1000 --home-dir /home/analyst --create-home analyst
COPY --from=build /opt/xsight/.venv /opt/xsight/.venv
COPY xsight_core /opt/xsight/xsight_core
COPY xsight_ui /opt/xsight/xsight_ui
COPY --from=frontend /static /opt/xsight/xsight_ui/static
COPY hub_config /opt/xsight/hub_config
COPY notebooks /opt/xsight/notebooks
ENV PATH=/opt/xsight/.venv/bin:$PATH PYTHONPATH=/opt/xsight PYTHONDONTWRITEBYTECODE=1
USER 1000
CMD ["python", "-m", "hub_config.dashboards"]
