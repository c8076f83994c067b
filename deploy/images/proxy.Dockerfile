# The proxy that owns the public port. Not run: see deploy/README.md.
FROM node:24.19.0-slim
WORKDIR /opt/proxy
COPY ops/proxy/package.json ops/proxy/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY deploy/images/entrypoint.sh .
USER 1000
ENTRYPOINT ["sh", "entrypoint.sh"]
CMD ["node", "node_modules/configurable-http-proxy/bin/configurable-http-proxy"]
