import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { sourceStack } from '../../src/cli/source-stack.ts'
import { packageRoot } from '../../src/resources.ts'
import { testdir } from '../support/testdir.ts'

const { loadBundle } = createRequire(import.meta.url)(join(packageRoot(), 'bin/claw.js')) as {
  loadBundle(name: string): { exports: { main(argv: readonly string[], io: object): Promise<number> } } | null
}

const bundle = loadBundle('questions')
const skip = bundle === null ? 'no bundle was built here: npm run build makes it' : false

t.test('a bug in a bundle is told by the places in its sources', { skip }, async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': 'agents: { main: { soul: S } }\n' })
  let err = ''
  const io = {
    cwd,
    env: {},
    color: false,
    stdin: process.stdin,
    out() {
      throw new TypeError('a bug for this test')
    },
    err(text: string) {
      err += text
    },
  }
  t.equal(await bundle?.exports.main(['validate'], io), 70)
  t.ok(err.includes('a bug for this test') && /report it at https:/.test(err), err)
  t.ok(/at .*dist\/src\/cli\/validate\.js:\d+:\d+/.test(err), err)
})

t.test('a stack that names no bundle stays as it is', (t) => {
  const error = new Error('plain')
  t.equal(sourceStack(error), error.stack)
  t.end()
})
