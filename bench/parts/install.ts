// What a user installs: the packages that come with claw, and the bytes of them on this disk.

import { execFileSync } from 'node:child_process'
import { copyFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/resources.ts'
import type { Part } from '../result.ts'

function bytesUnder(folder: string, nested = false): number {
  let sum = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      // Packages inside packages are counted by themselves.
      if (entry.name !== 'node_modules' || nested) sum += bytesUnder(join(folder, entry.name), nested)
    } else if (entry.isFile()) sum += statSync(join(folder, entry.name)).size
  }
  return sum
}

/** Milliseconds that npm takes for the locked packages in an empty folder, from whatever registry and cache it has. */
function timeToInstall(root: string, folder: string): number {
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(root, file), join(folder, file))
  const start = performance.now()
  execFileSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' })
  return performance.now() - start
}

export const install: Part = {
  name: 'install',
  about: 'packages and megabytes beside claw itself, development apart; in a full run, how long npm takes for them',
  async run({ quick, folder }) {
    const root = packageRoot()
    const paths = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .split('\n')
      .filter((path) => path !== '' && path !== root)
    const packed = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as { unpackedSize: number }[]
    const megabytes = (bytes: number): number => bytes / 2 ** 20
    return {
      cells: [
        { name: 'packages installed', unit: 'count', ours: [paths.length], steady: true },
        {
          name: 'their size',
          unit: 'MB',
          ours: [megabytes(paths.reduce((sum, path) => sum + bytesUnder(path), 0))],
          steady: true,
        },
        { name: 'claw itself', unit: 'MB', ours: [megabytes(packed[0]?.unpackedSize ?? Number.NaN)], steady: true },
        ...(quick ? [] : [{ name: 'time of npm ci', unit: 'ms' as const, ours: [timeToInstall(root, folder)] }]),
      ],
    }
  },
}
