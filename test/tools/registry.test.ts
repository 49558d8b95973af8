import t from 'tap'
import { resolveTools } from '../../src/tools/match.ts'
import { traitsOf } from '../../src/tools/port.ts'
import { builtinTools } from '../../src/tools/registry.ts'

t.test('the tools that ship', async (t) => {
  const names = builtinTools.map((tool) => tool.name)
  const memory = ['save_memory', 'memory_search', 'memory_get', 'memory_forget']
  t.same(names, ['bash', 'read_file', 'write_file', 'web_fetch', 'web_search', ...memory, 'sessions_spawn', 'skill', 'browser'])
  t.same((await resolveTools(['*_memory', 'memory_*'], names)).tools, [...memory].sort(), 'the usual memory globs')
})

t.test('inputs are those of the contract', async (t) => {
  const inputs = Object.fromEntries(
    builtinTools.map((tool) => [tool.name, Object.keys(tool.inputSchema['properties'] as Record<string, unknown>)]),
  )
  t.same(inputs, {
    bash: ['command'],
    read_file: ['path'],
    write_file: ['path', 'content'],
    web_fetch: ['url'],
    web_search: ['query'],
    save_memory: ['key', 'content'],
    memory_search: ['query'],
    memory_get: ['key'],
    memory_forget: ['key'],
    sessions_spawn: ['agent', 'prompt', 'timeout'],
    skill: ['name'],
    browser: ['action', 'url', 'ref', 'text', 'key', 'tab'],
  })
})

t.test('traits say what a tool does to the world', async (t) => {
  const having = (trait: string): string[] =>
    builtinTools.filter((tool) => Object.hasOwn(tool.traits ?? {}, trait)).map((tool) => tool.name)
  t.same(having('runs'), ['bash'])
  t.same(having('asks'), ['bash'], 'file tools and memory never ask')
  t.same(having('writes'), ['bash', 'write_file', 'save_memory', 'memory_forget'])
  t.same(having('sends'), ['web_fetch', 'web_search', 'browser'])
  t.same(
    having('outside'),
    ['bash', 'read_file', 'web_fetch', 'web_search', 'memory_search', 'memory_get', 'sessions_spawn', 'browser'],
    'whatever reads what others wrote',
  )
  t.same(having('private'), ['bash', 'read_file', 'memory_search', 'memory_get', 'browser'], 'whatever reads files or notes')
  t.notOk(having('idempotent').includes('bash'), 'a command is never repeated by itself')
})

t.test('a bare hello stays small with the five tools of the seed', async (t) => {
  const five = ['bash', 'read_file', 'write_file', 'save_memory', 'memory_search']
  const specs = builtinTools
    .filter((tool) => five.includes(tool.name))
    .map((tool) => ({ name: tool.name, description: tool.description, input_schema: tool.inputSchema }))
  t.ok(JSON.stringify(specs).length < 2_500, `${JSON.stringify(specs).length} bytes`)
})

t.test('a tool that declares nothing may do anything, and is never repeated', async (t) => {
  const every = ['runs', 'writes', 'sends', 'spends', 'asks', 'outside', 'private']
  t.same(Object.keys(traitsOf({})), every)
  t.same(traitsOf({ traits: {} }), {}, 'nothing, where that is what it says')
})
