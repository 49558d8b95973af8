import t from 'tap'
import { matchesTool, resolveTools } from '../../src/tools/match.ts'

const NAMES = ['bash', 'read_file', 'write_file', 'save_memory', 'memory_search', 'web_search', 'web_fetch']

t.test('names and globs', async (t) => {
  t.same(resolveTools(['bash', 'read_file'], NAMES), { tools: ['bash', 'read_file'], unmatched: [] })
  t.same(resolveTools(['*_memory', 'memory_*'], NAMES).tools, ['memory_search', 'save_memory'])
  t.same(resolveTools(['web_*', 'web_search'], NAMES).tools, ['web_fetch', 'web_search'], 'each once, sorted')
  t.same(resolveTools(['*'], NAMES).tools, [...NAMES].sort())
  t.same(resolveTools([], NAMES), { tools: [], unmatched: [] })
})

t.test('what matches nothing is named', async (t) => {
  t.same(resolveTools(['bsh', 'memory_*', 'mcp_*', ''], NAMES), { tools: ['memory_search'], unmatched: ['bsh', 'mcp_*', ''] })
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
