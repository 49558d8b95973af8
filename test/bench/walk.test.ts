// A message's walk through our files stays short: counted by scripts/walk.mjs, which fails when it is longer than its bounds.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../../src/resources.ts'

t.test('a Telegram hello touches few files and crosses between them seldom', async (t) => {
  // A runner's hooks would instrument each module once more.
  const { NODE_OPTIONS: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot(), 'scripts/walk.mjs')], {
    env,
    encoding: 'utf8',
  })
  t.comment(stdout.trim())
  t.equal(status, 0, stderr)
  t.match(stdout, /^A Telegram hello: \d+ files in \d+ folders, \d+ crossings\.$/m)
})
