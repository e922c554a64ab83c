# Builds what `npm run build` makes and keeps only that and the run-time packages. The agent runs without root, keeps
# its data in /data and listens on all addresses of its container:
#   docker run -p 8500:8500 -p 8600:8600/udp -p 8600:8600/tcp -v rollcall:/data rollcall

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No script of a package is needed here: the image brings its own Node.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY bin bin
COPY src src
COPY ui ui
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
# The release says both.
ARG VERSION=0.0.0-local
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rollcall" \
  org.opencontainers.image.description="Service discovery over DNS and HTTP, for unchanged Consul clients" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
# Without these the allocators keep some 100 MB more after a minute of writes (docs/operations.md).
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 NODE_OPTIONS=--max-semi-space-size=8
# Servers that have others beside them start an etcd each (docs/cluster.md).
RUN apt-get update && apt-get install -y --no-install-recommends etcd-server && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/rollcall
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/bin bin
COPY --from=build /build/dist dist
COPY native native
COPY LICENSE ./
RUN ln -s /opt/rollcall/bin/rollcall.js /usr/local/bin/rollcall && install -d -o node -g node /data
# The user "node" of the image, by number so that an orchestrator can verify that it is not root.
USER 1000:1000
VOLUME /data
# HTTP, DNS; of servers that have others beside them: agents, etcd; where TLS is configured so: HTTPS, DNS over TLS.
EXPOSE 8500/tcp 8600/tcp 8600/udp 8300/tcp 2380/tcp 8501/tcp 8853/tcp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["rollcall", "members"]
# As the first process of a container it is its init too: it waits for what script checks leave behind (bin/rollcall.js).
ENTRYPOINT ["rollcall"]
CMD ["agent", "-server", "-ui", "-client=0.0.0.0", "-data-dir=/data"]
