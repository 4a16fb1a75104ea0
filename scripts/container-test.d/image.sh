#!/usr/bin/env bash
# Builds the images with buildah and runs them with podman, so that the Dockerfile itself is tried without a Docker engine or registry.
#
# usage: image.sh BINARIES
#   Needs root and the Debian packages buildah, podman, runc and mmdebstrap, which it does not install.
#   The base images cannot be fetched from a registry here, so stand-ins carry their names: Debian 12 made by mmdebstrap, and for
#   swift:6.3-bookworm that with a `swift` which hands out the programs in BINARIES in place of compiling.
#   CONTAINER_TEST_CACHE   where base system and images are kept (default .build/container-test)
#
# Exit codes: 0 all is well, 1 something is not, 69 something that it needs is missing.
set -euo pipefail

binaries=${1:?usage: image.sh BINARIES}
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${CONTAINER_TEST_CACHE:-$project/.build/container-test}
work=$(mktemp --directory /tmp/container-image-XXXXXX)
toolchain=$(dirname "$(dirname "$(dirname "$(readlink --canonicalize "$(command -v swift)")")")")
readonly project binaries cache work toolchain

for tool in buildah podman runc mmdebstrap; do
  command -v "$tool" >/dev/null || {
    printf 'image.sh: %s is missing; install buildah podman runc mmdebstrap\n' "$tool" >&2
    exit 69
  }
done
mkdir -p "$cache"
cat >"$work/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
CONF
export CONTAINERS_CONF="$work/containers.conf"
readonly storage=(--root "$cache/storage" --runroot "$cache/run" --storage-driver overlay)

pod() { podman "${storage[@]}" "$@"; }
build() { buildah "${storage[@]}" bud --isolation chroot --network host --format docker --pull-never --layers "$@"; }
ok() { printf 'ok   %s\n' "$*"; }
stop() { printf 'FAIL %s\n' "$*"; exit 1; }
clean() { pod rm --all --force --time 1 >/dev/null 2>&1 || true; rm -rf "$work"; }
trap clean EXIT

base_images() {
  if ! pod image exists docker.io/library/debian:bookworm-slim; then
    [[ -s $cache/base.tar ]] || mmdebstrap --variant=minbase --include=ca-certificates bookworm "$cache/base.tar"
    pod import "$cache/base.tar" docker.io/library/debian:bookworm-slim >/dev/null
  fi
  mkdir "$work/swift"
  # It answers the questions of the Dockerfile: fetching and building are done, and where the programs are.
  printf '%s\n' '#!/bin/sh' 'case "$*" in *--show-bin-path*) echo /prebuilt ;; esac' >"$work/swift/swift"
  chmod 755 "$work/swift/swift"
  cp "$binaries/commander" "$binaries/rag-service" "$work/swift/"
  printf '%s\n' 'FROM debian:bookworm-slim' 'COPY swift /usr/local/bin/swift' 'COPY commander rag-service /prebuilt/' >"$work/swift/Dockerfile"
  build --quiet --tag docker.io/library/swift:6.3-bookworm "$work/swift" >/dev/null
}

wait_healthy() {
  local attempt
  for attempt in $(seq 1 120); do
    if pod exec "$1" health-check "$2" "$3" 2>/dev/null; then return 0; fi
    sleep 0.25
  done
  pod logs "$1" 2>&1 | tail -n 20
  stop "$1 did not become healthy, asked $attempt times"
}

main() {
  base_images
  local image
  for image in commander rag-service; do
    build --target "$image" --tag "localhost/$image:test" --file "$project/Dockerfile" "$project" >"$work/$image.log" 2>&1 ||
      { tail -n 30 "$work/$image.log"; stop "the image of $image is built"; }
    ok "the image of $image is built: $(pod image inspect --format '{{.Size}}' "localhost/$image:test") bytes"
  done
  local user status
  user=$(pod image inspect --format '{{.Config.User}}' localhost/commander:test)
  [[ $user == 10001:0 ]] || stop "the image runs as $user"
  [[ $(pod image inspect --format '{{.Config.StopSignal}} {{len .HealthCheck.Test}}' localhost/commander:test) =~ ^(SIGTERM|15)\ 4$ ]] ||
    stop "the image names its stop signal and its health check"
  ok "the image names its user, its stop signal and its health check"

  local run=(run --detach --network none --read-only --read-only-tmpfs=false --cap-drop ALL --security-opt no-new-privileges
    --memory 512m --no-healthcheck --add-host datadog-agent:127.0.0.1 --add-host simulator:127.0.0.1)
  # Programs that were compiled on this machine take Swift's libraries from its toolchain.
  run+=(--volume "$toolchain/usr/lib/swift/linux:$toolchain/usr/lib/swift/linux:ro")
  mkdir "$work/etc"
  sed --expression 's|/run/secrets/google_credentials|/etc/commander/credential|' \
    "$project/deploy/compose/commander-simulator.yaml" >"$work/etc/commander.yaml"
  printf 'any\n' >"$work/etc/credential"
  chmod --recursive a+rX "$work/etc" && chmod 755 "$work"
  # As the image's user on a fresh volume, which takes over the folder's owner; then as a user that nobody named.
  for user in 10001:0 654321:0; do
    pod "${run[@]}" --name commander --user "$user" --volume "$work/etc:/etc/commander:ro" --volume commander-store:/var/lib/commander \
      localhost/commander:test >/dev/null
    wait_healthy commander 8080 /health
    pod exec commander commander incident list >/dev/null || stop "the command line works within the container"
    ok "commander is healthy as user $user on a read-only root without /tmp"
    pod stop --time 35 commander >/dev/null
    status=$(pod inspect --format '{{.State.ExitCode}}' commander)
    [[ $status == 0 ]] || stop "commander ended with $status"
    pod rm commander >/dev/null
    ok "commander ended with 0 within its time"
    # Files that one user made are not another's: a cluster that picks users keeps the one it picked for a volume.
    pod volume rm commander-store >/dev/null
  done
}

main
printf 'everything holds\n'
