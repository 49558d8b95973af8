// What the shape of the program promises, read from its sources.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../src/resources.ts'

const SOURCE = join(packageRoot(), 'src')
/** By name; what tests alone use is left out. */
const files = new Map(
  readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/^channels\/kit\/|\/fake\/|\/driver\.ts$/.test(name))
    .map((name) => [name, readFileSync(join(SOURCE, name), 'utf8')] as const),
)
const holding = (pattern: RegExp): string[] => [...files].filter(([, text]) => pattern.test(text)).map(([name]) => name)

t.test('what ships is named where the program is put together, and nowhere else', async (t) => {
  t.same(holding(/from '[./]*\/builtin\.ts'|import\('[./]*\/builtin\.ts'\)/).sort(), ['cli.ts', 'index.ts', 'start.ts'])
  t.same(holding(/from '[./]*\/(?:tools|channels|models)\/registry\.ts'/), ['builtin.ts'])
})

t.test('bash is one tool among others: its name is in one place', async (t) => {
  t.same(holding(/'bash'/), ['tools/shell/bash.ts'])
})

t.test('every tool that ships is one file that the registry has a line for', async (t) => {
  const registry = files.get('tools/registry.ts') ?? ''
  const tools = holding(/: ToolDefinition<.*> = \{$/m).filter((name) => name.startsWith('tools/'))
  t.ok(tools.length >= 8)
  for (const name of tools) t.ok(registry.includes(`'./${name.slice('tools/'.length)}'`), name)
})

t.test('words that puzzled readers stay out', async (t) => {
  const retired = /\b(?:afresh|anew|whoever|whatsoever|mend(?:s|ed|ing)?|takeUp|surroundings)\b/i
  const pages = readdirSync(join(packageRoot(), 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  )
  t.same(holding(retired), [])
  t.same(
    pages.filter((name) => retired.test(readFileSync(join(packageRoot(), 'docs', name), 'utf8'))),
    [],
  )
})
