// Builds the package after an install from its sources. What is installed globally from git, as pre-commit does, is prepared by
// an npm that inherits `global` from the outer one: it installs the unbuilt package and puts no dependencies beside the sources.
// So that inner one is let through, and the outer one puts the dependencies in place first.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const cwd = fileURLToPath(new URL('..', import.meta.url))
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_config_(global|prefix|location|install_links)$/i.test(name)),
)
const npm = (...args) =>
  execFileSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] })

const hasDependencies = existsSync(`${cwd}/node_modules/typescript`)
// npm's own mark on what it starts to prepare a package from git.
const isInner = process.env['_PACOTE_NO_PREPARE_'] !== undefined
if (hasDependencies || !isInner) {
  if (!hasDependencies) npm('ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund')
  npm('run', 'build')
}
