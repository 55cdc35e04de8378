#!/usr/bin/env bash
# Installs what the browser tests need (Playwright's core and axe, in exactly the versions of package-lock.json) into
# the build folder, and runs them with Debian's Chromium.
#
#   run.sh PROGRAM SOURCE_DIR WORK_DIR [FILTER]      screenshots go to WORK_DIR/pictures
#
# Exit code 77: skipped, and why is said.
set -euo pipefail

export MUSICCORP_PROGRAM=$1 MUSICCORP_SOURCE_DIR=$2 MUSICCORP_FILTER=${4-}
readonly here=$2/tests/browser work=$3 skipped=77

skip() {
  printf 'skipped: %s\n' "$@"
  exit "$skipped"
}

for name in "${MUSICCORP_BROWSER-}" chromium chromium-browser google-chrome; do
  [[ $name ]] && browser=$(command -v -- "$name") && break
done
[[ ${browser-} ]] || skip "there is no Chromium; Debian's package is called chromium"
for name in node npm; do
  command -v "$name" >/dev/null || skip "there is no $name; Debian's packages are called nodejs and npm"
done

mkdir -p -- "$work/modules"
if ! cmp -s -- "$here/package-lock.json" "$work/modules/installed"; then
  cp -- "$here/package.json" "$here/package-lock.json" "$work/modules/"
  # Nothing of a package is run while it is installed.
  if ! (cd -- "$work/modules" && npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 \
    --fetch-timeout=20000) >"$work/npm.log" 2>&1; then
    grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network' \
      "$work/npm.log" && skip "npm's registry cannot be reached, and playwright-core and axe-core are not installed yet" \
      "see $work/npm.log"
    cat -- "$work/npm.log"
    exit 1
  fi
  cp -- "$here/package-lock.json" "$work/modules/installed"
fi

rm -rf -- "$work/pictures"
export MUSICCORP_BROWSER=$browser MUSICCORP_MODULES=$work/modules MUSICCORP_PICTURES=$work/pictures
exec node "$here/run.mjs"
