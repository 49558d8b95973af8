import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EXPLANATIONS, errorsMarkdown, explain } from '../../src/config/explain.ts'
import { CODES, type Code } from '../../src/errors.ts'
import { packageRoot } from '../../src/resources.ts'

const codes = Object.keys(CODES) as Code[]

t.test('catalogue and explanations are the same list', async (t) => {
  t.same(Object.keys(EXPLANATIONS).sort(), [...codes].sort())
  for (const code of codes) {
    const { what, why, fix, before, after } = EXPLANATIONS[code]
    for (const part of [what, why, fix, before, after]) t.ok(part.length > 3, code)
    t.not(before, after, code)
    t.match(explain(code), CODES[code].title)
  }
})

t.test('docs/errors.md is made from it', async (t) => {
  const page = readFileSync(join(packageRoot(), 'docs', 'errors.md'), 'utf8')
  t.equal(page, errorsMarkdown(), 'run scripts/errors-doc.mjs after a build')
})

t.test('every code is emitted somewhere, and no other is', async (t) => {
  const source = join(packageRoot(), 'src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && name !== 'errors.ts' && !name.startsWith('config/explain'),
  )
  const emitted = new Set<string>()
  for (const name of files)
    for (const [code] of readFileSync(join(source, name), 'utf8').matchAll(/\bCLAW\d{3}\b/g)) emitted.add(code)
  t.same(
    codes.filter((code) => !emitted.has(code)),
    [],
    'codes that nothing emits',
  )
  t.same(
    [...emitted].filter((code) => !Object.hasOwn(CODES, code)),
    [],
    'codes outside the catalogue',
  )
})
