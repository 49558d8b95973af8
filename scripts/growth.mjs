// What a year of use takes on the disk: one day of turns through the real storage, figures for a year out.
// node scripts/growth.mjs [TURNS A DAY] [BUILT FOLDER], after a build.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [perDay = '10000', built = 'dist'] = process.argv.slice(2)
const load = (path) => import(pathToFileURL(resolve(built, 'src', path)).href)
const { openEmbeddedStorage } = await load('storage/embedded/storage.js')
const { createAudit } = await load('permissions/audit.js')
const { silentLogger, systemClock, systemRandom } = await load('ports.js')
const turns = Number(perDay)
const PEOPLE = 200
const DAY_MS = 24 * 3_600_000
const stateDir = mkdtempSync(join(tmpdir(), 'claw-growth-'))
let now = Date.UTC(2026, 0, 1)
const clock = { ...systemClock, now: () => now }
const storage = await openEmbeddedStorage({ stateDir, clock, random: systemRandom, log: silentLogger })
const audit = createAudit(join(stateDir, 'audit.jsonl'), { now: clock.now })
const words = (count) => 'some ordinary words of a chat '.repeat(Math.ceil(count / 30)).slice(0, count)
const sizeOf = (path) =>
  statSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : statSync(path).size

/** A question of 120 characters, one call of a tool with a result of 600, and an answer of 500. */
async function turn(n) {
  const [session, id] = [`agent:main:http:u${n % PEOPLE}`, `${now}-${n}`]
  const row = { session, agentId: 'main', lane: 'realtime', kind: 'message', messageId: id, content: words(120), receivedAt: now }
  await storage.inbox.post(row, id)
  const claim = await storage.inbox.claimNext(session)
  const line = (step, role, content) => ({
    id: `${claim.run}.${step}`,
    role,
    content,
    timestamp: new Date(now).toISOString(),
    run: claim.run,
  })
  await storage.transcripts.append(session, 'main', [
    line(0, 'user', words(120)),
    line(1, 'assistant', [{ type: 'tool_use', id: 't', name: 'bash', input: { command: words(60) } }]),
    line(2, 'user', [{ type: 'tool_result', tool_use_id: 't', content: words(600) }]),
    line(3, 'assistant', words(500)),
  ])
  await audit.append({
    kind: 'tool',
    tool: 'bash',
    session,
    agentId: 'main',
    input: words(60),
    verdict: 'run',
    reason: words(40),
  })
  await storage.usage.add({
    at: now,
    agentId: 'main',
    by: `u${n % PEOPLE}`,
    usage: { input: 900, output: 150, cacheRead: 0, cacheWrite: 0 },
    cost: 0.001,
  })
  const answers = [{ agentId: 'main', session, messageId: id, response: words(500) }]
  await storage.inbox.finish(claim, {
    answers,
    outbox: [{ key: id, session, agentId: 'main', target: { channelId: 'c', userId: 'u' }, content: words(500) }],
  })
  for (const { seq } of (await storage.outbox.due(now, 10)).rows) await storage.outbox.sent(seq)
}

const database = []
for (let day = 0; day < 10; day++) {
  // Only the database is asked for more than a day: it keeps a week.
  for (let n = 0; n < (day === 0 ? turns : turns / 10); n++) await turn(n)
  if (day === 0) report()
  now += DAY_MS
  await storage.clean(now)
  database.push(sizeOf(join(stateDir, 'state.db')))
}
await audit.close()
await storage.close()
rmSync(stateDir, { recursive: true, force: true })

function report() {
  const mb = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`
  const [transcripts, log, db] = ['agents', 'audit.jsonl', 'state.db'].map((name) => sizeOf(join(stateDir, name)))
  console.log(`${turns} turns a day, each with one call of a tool`)
  console.log(`transcripts  ${mb(transcripts)} a day, ${mb(transcripts * 365)} a year`)
  console.log(`audit log    ${mb(log)} a day, ${mb(log * 365)} a year`)
  console.log(`state.db     ${mb(db)} after a day, about ${mb(db * 7)} with the week it keeps`)
}
console.log(`state.db     ${(database.at(-1) / 1024 / 1024).toFixed(1)} MB on the tenth day, when nine were a tenth as busy`)
