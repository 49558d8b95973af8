import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadPlan } from '../../src/config/load-plan.ts'
import { testdir } from '../support/testdir.ts'
import { brief, errorsOf, loadText } from './helpers.ts'
import { registry } from './registry.ts'

t.test('aliases that multiply without end', async (t) => {
  const lines = ['x-a0: &a0 [lol, lol]']
  for (let i = 1; i < 40; i++) lines.push(`x-a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`)
  const { diagnostics, plan } = await loadText(t, `${lines.join('\n')}\nagents: { main: { soul: x } }\n`)
  t.equal(plan, null)
  t.match(diagnostics, [{ code: 'CLAW004', line: 1 }])
})

t.test('an alias of what holds it', async (t) => {
  const { diagnostics } = await loadText(t, 'agents: &a\n  main: *a\n')
  t.match(diagnostics[0], { code: 'CLAW001', line: 2, column: 9 })
})

t.test('a huge file is not read', async (t) => {
  const folder = testdir(t, { 'openclaw.yaml': 'agents: { main: { soul: x } }\n' })
  const file = join(folder, 'openclaw.yaml')
  truncateSync(file, 50 * 1024 * 1024)
  const { diagnostics, plan } = await loadPlan(file, { registry, env: {} })
  t.equal(plan, null)
  t.match(diagnostics, [{ code: 'CLAW004', line: 1, column: 1 }])
  t.match(diagnostics[0]?.message, /larger than/)
})

t.test('nesting without end', async (t) => {
  for (const text of [
    '['.repeat(20_000),
    `a: ${'{a: '.repeat(3000)}${'}'.repeat(3000)}`,
    '- '.repeat(5000),
    'x-a: '.concat('['.repeat(500), ']'.repeat(500)),
  ]) {
    const { diagnostics, plan } = await loadText(t, `${text}\n`)
    t.equal(plan, null)
    t.match(diagnostics[0]?.code, /CLAW00[14]/, text.slice(0, 12))
  }
})

t.test('tabs, marks, line ends, encodings', async (t) => {
  const tab = await loadText(t, 'agents:\n\tmain: { soul: x }\n')
  t.match(tab.diagnostics, [{ code: 'CLAW001', line: 2 }])
  t.match(tab.diagnostics[0]?.message, /tab/i)

  const mark = await loadText(t, '\ufeffagents: { main: { sol: x } }\n')
  t.same(brief(mark.diagnostics), ['CLAW101 1:19'])

  const crlf = await loadText(t, 'agents:\r\n  main:\r\n    soul: x\r\n    tols: []\r\n')
  t.same(brief(crlf.diagnostics), ['CLAW101 4:5'])
  const fine = await loadText(t, 'agents:\r\n  main:\r\n    soul: x\r\n')
  t.equal(fine.plan?.agents.get('main')?.soul.text, 'x')

  const latin = await loadText(t, Buffer.from('agents:\n  main: { soul: caf\xe9 }\n', 'latin1'))
  t.same(brief(latin.diagnostics), ['CLAW004 2:20'])
  const utf16 = await loadText(t, Buffer.from('agents: { main: { soul: x } }\n', 'utf16le'))
  t.ok(errorsOf(utf16.diagnostics).length > 0)
  const nul = await loadText(t, 'agents: { main: { soul: "a\u0000b" } }\n')
  t.ok(nul.diagnostics.every(({ line }) => line >= 1))
})

t.test('keys that mean something to JavaScript', async (t) => {
  const { diagnostics } = await loadText(t, 'agents: { main: { soul: x } }\n__proto__: { polluted: true }\nconstructor: 1\n')
  t.same(brief(diagnostics), ['CLAW101 2:1', 'CLAW101 3:1'])
  t.equal(({} as { polluted?: boolean }).polluted, undefined)
})

t.test('empty files, lists, scalars', async (t) => {
  for (const text of ['', '# nothing\n', '---\n', 'agents:\n', '{}\n']) {
    const { diagnostics } = await loadText(t, text)
    t.equal(diagnostics[0]?.code, 'CLAW102', JSON.stringify(text))
  }
  for (const text of ['- a\n', 'just words\n', '42\n']) {
    const { diagnostics } = await loadText(t, text)
    t.equal(diagnostics[0]?.code, 'CLAW103', JSON.stringify(text))
  }
})

t.test('a folder in place of the file, a file that is not there', async (t) => {
  const folder = testdir(t, { 'openclaw.yaml': {} })
  t.match((await loadPlan(join(folder, 'openclaw.yaml'), { registry, env: {} })).diagnostics, [{ code: 'CLAW003' }])
  t.match((await loadPlan(join(folder, 'nowhere.yaml'), { registry, env: {} })).diagnostics, [{ code: 'CLAW003' }])
})

t.test('200 mutated configurations: never a crash, always a position', async (t) => {
  const folder = testdir(t, { 'openclaw.yaml': '' })
  const file = join(folder, 'openclaw.yaml')
  const random = seeded(20_260)
  let invalid = 0
  for (let round = 0; round < 200; round++) {
    const text = mutate(BASE, random)
    writeFileSync(file, text)
    const { plan, diagnostics } = await loadPlan(file, { registry, env: {} })
    if (plan === null) invalid++
    t.ok(plan !== null || errorsOf(diagnostics).length > 0, `round ${round} says why`)
    const lines = text.split('\n')
    for (const { line, column, endLine, message } of diagnostics) {
      if (line < 1 || column < 1 || line > lines.length || column > (lines[line - 1]?.length ?? 0) + 2 || endLine < line) {
        t.fail(`round ${round}: ${line}:${column} is no place (${message})`)
      }
    }
  }
  t.ok(invalid > 50, `${invalid} of 200 were invalid`)
})

const BASE = `version: 1
defaults: { model: claude-sonnet-5-5, maxTurns: 20 }
agents:
  main:
    soul: You are terse.
    tools: [bash, read_file, "memory_*"]
    permissions:
      mode: ask
      allow: ["git *"]
      approvers: [mehdi]
      timeout: 10m
    rateLimit: { maxMessagesPerHour: 20 }
    subagents: [scout]
  scout: { name: Scout, soul: S, tools: [web_search] }
owners: [mehdi]
channels:
  telegram: { token: "\${TOKEN:-x}", allowFrom: [mehdi], groups: { respond: mention } }
  http: {}
routing:
  defaultAgent: main
  rules:
    - { priority: 100, prefix: "/research", agentId: scout }
    - channelId: telegram
      userId: "123"
      agentId: main
    - { pattern: "^!admin", agentId: main }
identityLinks:
  mehdi: ["telegram:123", "discord:456"]
heartbeats:
  - { name: morning, schedule: "30 7 * * *", timezone: Europe/Paris, agent: main, prompt: Hi, deliverTo: "telegram:123" }
`

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** One to three small accidents. */
function mutate(text: string, random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  let out = text
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
    const at = Math.floor(random() * out.length)
    const lines = out.split('\n')
    const line = Math.floor(random() * lines.length)
    const kinds: readonly (() => string)[] = [
      () => out.slice(0, at) + out.slice(at + 1),
      () =>
        out.slice(0, at) +
        pick([
          ':',
          '"',
          '{',
          '}',
          '[',
          ']',
          '- ',
          '\t',
          '&a ',
          '*a ',
          '|',
          '${',
          '#',
          '\n',
          '%',
          '\u0000',
          '🙂',
          '!!',
          '<<: ',
          '? ',
        ]) +
        out.slice(at),
      () => lines.filter((_, index) => index !== line).join('\n'),
      () => [...lines.slice(0, line), lines[line] ?? '', ...lines.slice(line)].join('\n'),
      () => [...lines.slice(0, line), `  ${lines[line] ?? ''}`, ...lines.slice(line + 1)].join('\n'),
      () => out.replace(/\b[a-z]\w{3,}\b/gi, (word) => (random() < 0.02 ? word.slice(1) : word)),
      () =>
        out.replace(/: [^\n{[]+/g, (value) =>
          random() < 0.05 ? pick([': 0', ': null', ': []', ': {}', ': -1', ': true', ': ""']) : value,
        ),
      () => out.slice(0, at),
    ]
    out = pick(kinds)()
  }
  return out
}
