// Compaction: what is summarised, what is kept word for word, and how a conversation goes on when no summary comes.

import t from 'tap'
import type { ContentBlock } from '../../src/models/port.ts'
import { systemRandom } from '../../src/ports.ts'
import { compact, planCompaction } from '../../src/sessions/compaction.ts'
import { messagesOf } from '../../src/sessions/messages.ts'
import { contextTokens } from '../../src/sessions/tokens.ts'
import { windowStart } from '../../src/sessions/window.ts'
import type { TranscriptEntry } from '../../src/storage/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { checkMessages } from '../support/messages-validator.ts'
import { entry } from '../support/storage-world.ts'

const settings = { contextWindow: 10_000, threshold: 0.8, keepRecent: 4, chunkTokens: 1_000 }
const world = { clock: createFakeClock(), random: systemRandom, settings }
const transcript = (entries: readonly TranscriptEntry[]) => ({ session: 's', entries, bytes: 0, skippedBytes: 0, damage: [] })
const usageOf = (input: number) => ({ input, output: 0, cacheRead: 0, cacheWrite: 0 })

/** Turns with a tool call each; `chars` is the length of each result. */
function conversation(turns: number, chars = 400): TranscriptEntry[] {
  return Array.from({ length: turns }, (_, n) => {
    const id = `t${n}`
    const call: ContentBlock = { type: 'tool_use', id, name: 'bash', input: { command: `step ${n}` } }
    const result: ContentBlock = { type: 'tool_result', tool_use_id: id, content: 'r'.repeat(chars) }
    return [
      entry(`u${n}`, 'user', { content: `please do step ${n}`, run: `r${n}` }),
      entry(`c${n}`, 'assistant', { content: [call], run: `r${n}`, usage: usageOf(100) }),
      entry(`d${n}`, 'user', { content: [result], run: `r${n}` }),
      entry(`a${n}`, 'assistant', { content: `step ${n} is done`, run: `r${n}`, usage: usageOf(100) }),
    ]
  }).flat()
}

/** As the store would load it after the entries were appended. */
function after(entries: readonly TranscriptEntry[], added: readonly TranscriptEntry[]) {
  const all = [...entries, ...added]
  return transcript(all.slice(windowStart(all)))
}

void t.test('the model’s own count decides, with an estimate for what came since', async (t) => {
  const entries = [entry('a'), entry('b', 'assistant', { usage: { input: 10, output: 20, cacheRead: 7000, cacheWrite: 500 } })]
  t.equal(contextTokens({ entries }), 7530)
  const grown = [...entries, entry('c', 'user', { content: 'x'.repeat(4000) })]
  t.equal(contextTokens({ entries: grown }), 8530)
  t.equal(planCompaction(transcript(entries), { ...settings, keepRecent: 1 }).needed, false)
  t.equal(planCompaction(transcript(grown), { ...settings, keepRecent: 1 }).needed, true)
  const summarised = [...grown, entry('s', 'system', { kind: 'summary', content: 'short', keepFrom: 'c' })]
  t.ok(contextTokens({ entries: summarised.slice(2) }) < 1_100, 'a count from before the summary no longer holds')
})

void t.test('a summary, chunk by chunk, with the recent kept and pairs whole', async (t) => {
  const entries = conversation(30)
  const asked: { text: string; previous: string }[] = []
  const summarise = async (text: string, previous: string): Promise<string> => `notes ${asked.push({ text, previous })}`
  const added = await compact({ ...world, transcript: transcript(entries), summarise })
  t.ok(asked.length > 1)
  t.match(asked[1], { previous: 'notes 1', text: /Summary so far:\nnotes 1/ })
  for (let n = 0; n < 29; n++) {
    const told = asked.filter(({ text }) => new RegExp(`please do step ${n}(\n|$)`).test(text))
    t.equal(told.length, 1, `step ${n} is told once`)
  }
  t.match(added, [{ kind: 'summary', role: 'system', content: `notes ${asked.length}`, keepFrom: 'u29' }])
  const next = after(entries, added)
  const messages = messagesOf({ entries: [...next.entries, entry('now')] })
  t.equal(checkMessages(messages), null)
  t.match(messages[0], { content: [{ text: /notes/ }, { text: 'please do step 29' }] })
  t.equal(planCompaction(next, settings).needed, false)
})

void t.test('the next summary starts from the last one', async (t) => {
  const entries = conversation(10)
  const first = await compact({ ...world, transcript: transcript(entries), summarise: async () => 'They live in Lyon.' })
  const grown = after(
    [...entries, ...first],
    conversation(10).map((one) => ({ ...one, id: `x${one.id}` })),
  )
  const seen: string[] = []
  const second = await compact({
    ...world,
    transcript: grown,
    summarise: async (text) => {
      seen.push(text)
      return 'new notes'
    },
  })
  t.match(seen[0], /Summary so far:\nThey live in Lyon\./)
  t.match(second[0], { kind: 'summary', content: 'new notes' })
})

void t.test('when no summary comes, tool results go, oldest first, and it is said', async (t) => {
  for (const summarise of [async () => '  ', () => Promise.reject(new Error('overloaded'))]) {
    const entries = [...conversation(20, 2000), entry('big', 'assistant', { usage: usageOf(9_000) })]
    const added = await compact({ ...world, transcript: transcript(entries), summarise })
    t.match(added[0], { kind: 'trim' })
    t.equal(added[0]?.trimmed?.[0], 'd0#t0')
    t.notOk(added[0]?.trimmed?.includes('d19#t19'))
    t.match(added[1], { kind: 'note', content: /No summary could be made/ })
    const messages = messagesOf({ entries: [...after(entries, added).entries, entry('now')] })
    t.equal(checkMessages(messages), null)
    const again = await compact({ ...world, transcript: after(entries, added), summarise })
    t.notOk(
      again.some((one) => one.trimmed?.includes('d0#t0')),
      'none is left out twice',
    )
  }
})

void t.test('a failure in the middle keeps what was summarised before it', async (t) => {
  const entries = conversation(30)
  let calls = 0
  const added = await compact({
    ...world,
    transcript: transcript(entries),
    summarise: async () => {
      if (++calls > 2) throw new Error('overloaded')
      return `notes ${calls}`
    },
  })
  t.match(added[0], { kind: 'summary', content: 'notes 2' })
  const keepFrom = added[0]?.keepFrom ?? ''
  t.ok(Number(keepFrom.slice(1)) > 0 && Number(keepFrom.slice(1)) < 26, keepFrom)
  t.equal(calls, 4, 'one more try, then no more')
})

void t.test('a conversation without anything to leave out can still go on', async (t) => {
  const entries = Array.from({ length: 60 }, (_, n) =>
    entry(`e${n}`, n % 2 === 0 ? 'user' : 'assistant', { content: `wish ${n} ${'x'.repeat(900)}` }),
  )
  const added = await compact({ ...world, transcript: transcript(entries), summarise: async () => '' })
  t.match(added[0], { kind: 'summary', content: /wish 54/ })
  const next = after(entries, added)
  t.ok(contextTokens(next) < settings.contextWindow)
  t.equal(checkMessages(messagesOf({ entries: [...next.entries, entry('now')] })), null)
})

void t.test('nothing is done when nothing is needed or possible', async (t) => {
  const never = async (): Promise<string> => t.fail('no summary is needed') as unknown as string
  t.strictSame(await compact({ ...world, transcript: transcript(conversation(3)), summarise: never, onlyIfNeeded: true }), [])
  t.strictSame(await compact({ ...world, transcript: transcript([entry('a')]), summarise: never }), [])
  t.strictSame(await compact({ ...world, transcript: transcript([]), summarise: never }), [])
})

void t.test('an exchange longer than a chunk is told in parts', async (t) => {
  const entries = [entry('u', 'user', { content: 'y'.repeat(12_000) }), entry('a', 'assistant'), ...conversation(3)]
  const parts: string[] = []
  await compact({ ...world, transcript: transcript(entries), summarise: async (text) => `n${parts.push(text)}` })
  t.ok(parts.length >= 4)
  t.ok(parts.every((part) => part.length < settings.chunkTokens * 4 + 200))
})
