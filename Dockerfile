# Builds the images of commander (the default) and of rag-service (--target rag-service); docs/deployment.md says how to run them.
# Only what every builder of OCI images knows is used: no BuildKit mounts, no COPY --chmod.

FROM swift:6.3-bookworm AS build
# What scripts/bootstrap installs for a build; binutils has strip.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends binutils ca-certificates git libsqlite3-dev zlib1g-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# The packages are a layer of their own: they are fetched again only when the manifest changes.
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
# The manifest names targets in these two, and SwiftPM refuses one whose folder is missing.
COPY Tests Tests
COPY Examples Examples
# The flags of `make build`, and Swift's own libraries inside of the program, so that the image needs no Swift. Debugger's data go; the
# symbols stay, for the names in a backtrace.
RUN set -- --configuration release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked -Xswiftc -cross-module-optimization \
  && swift build "$@" --product commander \
  && swift build "$@" --product rag-service \
  && binaries="$(swift build "$@" --show-bin-path)" \
  && mkdir /programs \
  && cp "$binaries/commander" "$binaries/rag-service" /programs \
  && strip --strip-debug /programs/commander /programs/rag-service

FROM debian:bookworm-slim AS runtime
# The libraries the programs are linked with beside the C library, the roots that providers' certificates lead to, time zones.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates libgcc-s1 libsqlite3-0 libstdc++6 tzdata zlib1g \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --gid 0 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin service
COPY deploy/health-check /usr/local/bin/health-check

FROM runtime AS rag-service
# pdftotext, by which documents in PDF are read.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends poppler-utils \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner 10001 --group 0 --mode 0770 /var/lib/rag-service
COPY --from=build /programs/rag-service /usr/local/bin/rag-service
# Numbers, so that Kubernetes can see that it is not root. Group 0: a platform that picks its own user still may write to the folder.
USER 10001:0
WORKDIR /var/lib/rag-service
EXPOSE 8070
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["health-check", "8070", "/health"]
ENTRYPOINT ["rag-service"]
CMD ["serve", "--config", "/etc/rag-service/rag-service.yaml"]

FROM runtime AS commander
RUN install --directory --owner 10001 --group 0 --mode 0770 /var/lib/commander
COPY --from=build /programs/commander /usr/local/bin/commander
USER 10001:0
WORKDIR /var/lib/commander
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["health-check", "8080", "/health"]
ENTRYPOINT ["commander"]
CMD ["serve", "--config", "/etc/commander/commander.yaml"]
