# The gateway and, with another command, the simulator (see docker-compose.yml). TypeScript runs as it is: nothing is built.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without install scripts: the only one fetches the `node` package's own runtime, and the image has its own.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node node_modules/.bin/node

FROM node:24.21.0-bookworm-slim
# How malloc keeps what is free: docs/operations.md, "Memory".
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=32768 MERIDIAN_STATE_DIR=/var/lib/meridian
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY src src
COPY sim sim
COPY config config
# Leaves stripped and compiled sources behind, which a read-only container could not.
RUN node src/meridian.mjs --help > /dev/null
RUN install --directory --owner=node --group=node --mode=0750 /var/lib/meridian
USER node
VOLUME /var/lib/meridian
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node"]
# The flags of `npm start`: docs/operations.md, "Memory".
CMD ["--max-semi-space-size=8", "--heap-growing-percent=50", "--no-parallel-scavenge", "src/meridian.mjs", "serve", "--config", "config/gateway.yaml"]
