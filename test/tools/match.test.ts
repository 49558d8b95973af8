import t from 'tap'
import { matchesTool, resolveTools } from '../../src/tools/match.ts'

const NAMES = ['bash', 'read_file', 'write_file', 'save_memory', 'memory_search', 'web_search', 'web_fetch']

t.test('names and globs', async (t) => {
  t.same(await resolveTools(['bash', 'read_file'], NAMES), { tools: ['bash', 'read_file'], unmatched: [] })
  t.same((await resolveTools(['*_memory', 'memory_*'], NAMES)).tools, ['memory_search', 'save_memory'])
  t.same((await resolveTools(['web_*', 'web_search'], NAMES)).tools, ['web_fetch', 'web_search'], 'each once, sorted')
  t.same((await resolveTools(['*'], NAMES)).tools, [...NAMES].sort())
  t.same(await resolveTools([], NAMES), { tools: [], unmatched: [] })
})

t.test('what matches nothing is named', async (t) => {
  t.same(await resolveTools(['bsh', 'memory_*', 'mcp_*', ''], NAMES), {
    tools: ['memory_search'],
    unmatched: ['bsh', 'mcp_*', ''],
  })
})

t.test('a pattern is the whole name, and case matters', async (t) => {
  t.notOk(matchesTool('bash', 'bash2'))
  t.notOk(matchesTool('ash', 'bash'))
  t.notOk(matchesTool('Bash', 'bash'))
  t.ok(matchesTool('b?sh', 'bash'))
  t.notOk(matchesTool('b?sh', 'bsh'))
  t.ok(matchesTool('*e*e*', 'write_file'))
  t.notOk(matchesTool('*x*', 'write_file'))
  t.ok(matchesTool('**bash**', 'bash'))
  t.notOk(matchesTool('.*', 'bash'), 'regular expressions mean nothing here')
})

t.test('no pattern is slow', async (t) => {
  const started = process.cpuUsage().user
  t.notOk(matchesTool(`${'*a'.repeat(500)}b`, 'a'.repeat(5000)))
  t.ok(process.cpuUsage(undefined).user - started < 5_000_000)
})

t.test('braces, classes and what else a glob may hold', async (t) => {
  const tools = async (...patterns: string[]): Promise<readonly string[]> => (await resolveTools(patterns, NAMES)).tools
  t.same(await tools('{read,write}_file'), ['read_file', 'write_file'])
  t.same(await tools('web_[fs]*'), ['web_fetch', 'web_search'])
  t.same(await tools('@(bash|read_*)'), ['bash', 'read_file'])
  t.same(await tools('*', '!web_*', '!bash'), ['memory_search', 'read_file', 'save_memory', 'write_file'])
  t.same(await tools('!bash', 'bash'), ['bash'], 'what comes later counts')
  t.same(await resolveTools(['!bash'], NAMES), { tools: [], unmatched: ['!bash'] }, 'nothing is offered unless named')
})
