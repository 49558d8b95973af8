#!/usr/bin/env bash
# Runs the fast part of the suite on other versions of Node, whose programs npm's `node` package brings. Arguments: major versions.
# The build must be there; native parts come prebuilt for all of them.
set -euo pipefail
cd "$(dirname "$0")/.."

# One file or two of each room; what starts many processes or waits for clocks is left to the main run.
fast=(
  dist/test/plan/router.test.js
  dist/test/config/golden.test.js
  dist/test/permissions/shell/verdict.test.js
  dist/test/storage/embedded.test.js
  dist/test/engine/turns.test.js
  dist/test/engine/reload.test.js
  dist/test/gateway/chat.test.js
  dist/test/plugins/run.test.js
  dist/test/e2e/process.test.js
)
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
failed=0
for version in "$@"; do
  npm install --silent --no-audit --no-fund --prefix "$folder/$version" "node@$version"
  node="$folder/$version/node_modules/node/bin/node"
  passed=0
  for file in "${fast[@]}"; do
    [ -f "$file" ] || continue
    if PATH="$(dirname "$node"):$PATH" timeout 300 "$node" "$file" >"$folder/log" 2>&1; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      echo "not ok: $file on Node $version"
      grep -m 20 -A 12 '^ *not ok' "$folder/log" || tail -n 20 "$folder/log"
    fi
  done
  echo "Node $("$node" --version): $passed files passed"
done
[ "$failed" -eq 0 ]
