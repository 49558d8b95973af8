// Each test/plan/golden/<name>: what `claw plan` says of going from before.yaml to after.yaml, in words and as JSON. Times are
// those of the clock, so they stand as TIME here. CLAW_GOLDEN=update writes the texts again: read the difference.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../../src/resources.ts'
import { runCli } from '../support/run-cli.ts'

const folder = join(packageRoot(), 'test', 'plan', 'golden')
const names = readdirSync(folder)
t.ok(names.length > 5)

const timeless = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')

for (const name of names) {
  t.test(name, async (t) => {
    const cwd = join(folder, name)
    const plan = (...more: string[]) =>
      runCli(cwd, '-c', 'after.yaml', 'plan', '--against', 'before.yaml', '--exit-code', ...more)
    const [words, json] = [await plan(), await plan('--format', 'json')]
    const { changes } = json.json() as { changes: readonly unknown[] }
    t.equal(words.code, changes.length > 0 ? 2 : 0)
    t.equal(json.code, words.code)
    t.equal(words.err + json.err, '')
    for (const [file, text] of [
      ['plan.txt', timeless(words.out)],
      ['plan.json', timeless(json.out)],
    ] as const) {
      if (process.env['CLAW_GOLDEN'] === 'update') writeFileSync(join(cwd, file), text)
      t.equal(text, readFileSync(join(cwd, file), 'utf8'), file)
    }
    t.notMatch(words.out + json.out, /hush|first|second|third/, 'no secret is shown')
  })
}
