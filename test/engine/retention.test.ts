import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { startBot } from '../support/bot.ts'
import { runCli } from '../support/run-cli.ts'
import { entry } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

const DAY = 24 * 3_600_000
const BASE = `gateway: { port: 0 }
models: { api: { provider: anthropic, baseURL: "$API", apiKey: k } }
defaults: { model: api/claude-sonnet-4-5 }
agents: { main: { soul: S } }
`

const ago = (days: number): string => new Date(Date.now() - days * DAY).toISOString()
const sessions = (folder: string): string => join(folder, '.openclaw/agents/main/sessions')
const OLD = {
  'agent%3Amain%3Ahttp%3Afresh': 1,
  'agent%3Amain%3Ahttp%3Aold': 400,
  'agent%3Amain%3Aspawn%3Aone': 40,
  'cron%3Atick': 100,
} as const

/** Files written now, whose last lines are of some days ago. */
async function writeSessions(folder: string, ages: Readonly<Record<string, number>> = OLD): Promise<void> {
  for (const [name, days] of Object.entries(ages)) {
    const path = join(sessions(folder), `${name}.jsonl`)
    await mkdir(dirname(path), { recursive: true })
    const lines = [days + 3, days].map((day, n) => entry(`e${n}`, n === 0 ? 'user' : 'assistant', { timestamp: ago(day) }))
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }
}

const names = async (folder: string): Promise<string[]> =>
  (await readdir(sessions(folder))).map((name) => decodeURIComponent(name.replace('.jsonl', ''))).sort()

t.test('each kind of session goes by its last line: at the start, and on reload', async (t) => {
  const folder = testdir(t, {})
  await writeSessions(folder)
  const b = await startBot(`${BASE}retention: { transcripts: 365d, spawned: 30d }`, { folder })
  t.teardown(() => b.stop())
  await b.claw.engine.tidy()
  t.strictSame(await names(folder), ['agent:main:http:fresh', 'cron:tick'])
  await b.save(`${BASE}retention: { transcripts: 365d, cron: 90d }`)
  t.equal((await b.claw.engine.reload()).ok, true)
  await b.claw.engine.tidy()
  t.strictSame(await names(folder), ['agent:main:http:fresh'])
})

t.test('nothing is named: all is kept', async (t) => {
  const folder = testdir(t, {})
  await writeSessions(folder)
  const b = await startBot(BASE, { folder })
  t.teardown(() => b.stop())
  await b.claw.engine.tidy()
  t.equal((await names(folder)).length, 4)
})

t.test('a session somebody talks in is not removed under the turn', async (t) => {
  const folder = testdir(t, {})
  await writeSessions(folder, { 'agent%3Amain%3Ahttp%3Au': 400 })
  let tidied = Promise.resolve<unknown>(undefined)
  const b = await startBot(`${BASE}retention: { transcripts: 365d }`, {
    folder,
    api: {
      reply: () => {
        tidied = b.claw.engine.tidy()
        return 'kept'
      },
    },
  })
  t.teardown(() => b.stop())
  // The start has removed the old one; what stands is of now.
  await b.claw.engine.tidy()
  t.equal((await b.chat('u', 'hello')).body.response, 'kept')
  await tidied
  t.equal((await b.transcript('main', 'agent:main:http:u')).length, 2)
})

t.test('claw sessions remove, and compact-store, with an engine and without', async (t) => {
  const folder = testdir(t, {})
  await writeSessions(folder)
  const b = await startBot(BASE, { folder })
  const removed = await runCli(folder, 'sessions', 'remove', 'cron:tick')
  t.match(removed, { code: 0, out: /cron:tick is removed/ })
  t.equal((await runCli(folder, 'sessions', 'remove', 'cron:tick')).code, 66)
  t.match((await runCli(folder, 'compact-store', '--format', 'json')).json(), { sessions: 0, database: { after: Number } })
  await b.stop()
  t.match(await runCli(folder, 'sessions', 'remove', 'agent:main:spawn:one'), { code: 0 })
  t.equal((await runCli(folder, 'sessions', 'remove', 'agent:main:spawn:one')).code, 66)
  t.strictSame(await names(folder), ['agent:main:http:fresh', 'agent:main:http:old'])
  const audit = await readFile(join(folder, '.openclaw/audit.jsonl'), 'utf8')
  t.equal(audit.match(/session_removed/g)?.length, 2)
  t.equal((await runCli(folder, 'audit', 'verify')).code, 0)
  await writeFile(join(folder, 'openclaw.yaml'), `${BASE.replace('$API', 'http://127.0.0.1:1')}retention: { transcripts: 365d }`)
  const compact = await runCli(folder, 'compact-store')
  t.match(compact, { code: 0, out: /1 old sessions removed; .*state\.db: [0-9]+ bytes before, [0-9]+ now/ })
  t.strictSame(await names(folder), ['agent:main:http:fresh'])
  t.ok(existsSync(join(folder, '.openclaw/state.db')))
})
