import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkGrant } from '../../src/permissions/shell/grants.ts'
import { judgeCommand } from '../../src/permissions/shell/verdict.ts'
import { packageRoot } from '../../src/resources.ts'
import { policy } from '../permissions/shell/helpers.ts'

interface Everyday {
  readonly command: string
  readonly allow: readonly string[]
}

/** A line `allow:` holds the grants for the lines below it. */
function everyday(): readonly Everyday[] {
  const found: Everyday[] = []
  let allow: readonly string[] = []
  for (const line of readFileSync(join(packageRoot(), 'test/redteam/everyday.txt'), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    if (!line.startsWith('allow:')) found.push({ command: line, allow })
    else
      allow = line
        .slice('allow:'.length)
        .split(';')
        .map((grant) => grant.trim())
        .filter((grant) => grant !== '')
  }
  return found
}

t.test('harmless everyday commands run under the usual grants: at most 2 of 100 ask', (t) => {
  const commands = everyday()
  t.ok(commands.length >= 300, `${commands.length} commands`)
  const asked = commands
    .map(({ command, allow }) => ({ command, verdict: judgeCommand(command, policy({ allow: [...allow] })) }))
    .filter(({ verdict }) => verdict.decision !== 'run')
  for (const { command, verdict } of asked) t.comment(`${command}: ${verdict.reason}`)
  t.ok(asked.length <= commands.length * 0.02, `${asked.length} of ${commands.length} ask`)
  t.end()
})

t.test('the usual grants may stand in a configuration', (t) => {
  for (const grant of new Set(everyday().flatMap(({ allow }) => allow))) t.same(checkGrant(grant), { ok: true }, grant)
  t.end()
})
