import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ownResolver } from '../../src/plugins/own-package-hooks.ts'
import { packageRoot } from '../../src/resources.ts'

t.test('names of this package lead to files of its build, others nowhere', async (t) => {
  const resolve = ownResolver(packageRoot())
  for (const name of [
    'claw-engine',
    'claw-engine/channel',
    'claw-engine/tool',
    'claw-engine/model',
    'claw-engine/cli',
    'claw-engine/schema',
  ]) {
    const { url = '' } = resolve(name) ?? {}
    t.ok(url.startsWith('file:') && existsSync(fileURLToPath(url)), `${name}: ${url}`)
  }
  for (const name of ['claw-engine/src/start.js', 'claw-engine-2', 'node:fs', './claw-engine', 'claw-engine/'])
    t.equal(resolve(name), null, name)
})
