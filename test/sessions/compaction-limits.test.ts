// Whatever a conversation holds and however its summaries fail: after a compaction it takes less than it may, stays valid, and
// holds no half of a character; years of failures neither repeat nor grow anything.

import fc from 'fast-check'
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

const world = { clock: createFakeClock(), random: systemRandom }
const transcript = (entries: readonly TranscriptEntry[]) => ({ session: 's', entries, bytes: 0, skippedBytes: 0, damage: [] })
const after = (entries: readonly TranscriptEntry[]) => transcript(entries.slice(windowStart(entries)))
const hasHalf = (value: unknown): boolean =>
  !(JSON.stringify(value) as string & { isWellFormed(): boolean }).isWellFormed() || /\\ud[89a-f]/i.test(JSON.stringify(value))

const SUMMARISERS = {
  good: async () => 'Facts: they like tea.',
  long: async (text: string) => `${text} and more`,
  silent: async () => ' ',
  refused: async () => Promise.reject(new Error('400')),
  emoji: async () => '👨‍👩‍👧‍👦'.repeat(4000),
} as const

const EMOJI = '👨‍👩‍👧‍👦'
const words = fc.oneof(
  fc.constant('short'),
  fc.integer({ min: 1, max: 30_000 }).map((n) => 'x'.repeat(n)),
  fc.integer({ min: 1, max: 3_000 }).map((n) => EMOJI.repeat(n)),
  fc.integer({ min: 1, max: 9_000 }).map((n) => '漢字かな交じり文'.repeat(Math.ceil(n / 8))),
  fc.integer({ min: 1, max: 9_000 }).map((n) => 'e\u0301'.repeat(n)),
)
const image: ContentBlock = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } }
/** A turn: what the user says, and what the model does before it answers. */
const turn = fc.record({
  said: words,
  images: fc.nat(12),
  call: fc.option(fc.record({ input: words, result: words, asBlocks: fc.boolean() }), { nil: undefined }),
  answer: words,
})

function entriesOf(turns: readonly (typeof turn extends fc.Arbitrary<infer T> ? T : never)[], from = 0): TranscriptEntry[] {
  return turns.flatMap(({ said, images, call, answer }, index) => {
    const n = from + index
    const user: ContentBlock[] = [{ type: 'text', text: said }, ...Array.from({ length: images }, () => image)]
    const made: TranscriptEntry[] = [entry(`u${n}`, 'user', { content: images === 0 ? said : user, run: `r${n}` })]
    if (call !== undefined) {
      const content = call.asBlocks ? [{ type: 'text' as const, text: call.result }, image as never] : call.result
      made.push(
        entry(`c${n}`, 'assistant', {
          content: [{ type: 'tool_use', id: `t${n}`, name: 'bash', input: { command: call.input } }],
          run: `r${n}`,
        }),
        entry(`d${n}`, 'user', { content: [{ type: 'tool_result', tool_use_id: `t${n}`, content }], run: `r${n}` }),
      )
    }
    return [...made, entry(`a${n}`, 'assistant', { content: answer, run: `r${n}` })]
  })
}

t.test('after a compaction a conversation takes less than it may, and is valid', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(...(Object.keys(SUMMARISERS) as (keyof typeof SUMMARISERS)[])),
      fc.constantFrom(1_000, 3_000, 8_000, 32_000),
      fc.constantFrom(2, 10, 50, 500),
      fc.boolean(),
      async (turns, kind, contextWindow, keepRecent, inMidTurn) => {
        const settings = { contextWindow, threshold: 0.8, keepRecent, chunkTokens: 20_000 }
        // In the middle of a turn the last line is the user's.
        const all = inMidTurn ? entriesOf(turns).slice(0, -1) : [...entriesOf(turns), entry('now', 'user')]
        const limit = contextWindow * 0.8
        const asked: string[] = []
        const summarise = (text: string) => {
          asked.push(text)
          return SUMMARISERS[kind](text)
        }
        const before = contextTokens(transcript(all))
        const added = await compact({ ...world, settings, transcript: transcript(all), summarise })
        const next = after([...all, ...added])
        const messages = messagesOf(next)
        if (before > limit && contextTokens(next) > limit) throw new Error(`${contextTokens(next)} of ${limit}, before ${before}`)
        if (before <= limit && contextTokens(next) > before + 100) throw new Error('it grew')
        const problem = checkMessages(messages)
        if (problem !== null) throw new Error(problem)
        if (hasHalf(messages) || hasHalf(added)) throw new Error('half a character')
        for (const text of asked) if (text.length > contextWindow * 4) throw new Error('more to summarise than a window')
        if (planCompaction(next, settings).needed) throw new Error('it would be made shorter again at once')
        if (JSON.stringify(messages.at(-1)).length < 10) throw new Error('the last message is gone')
      },
    ),
    { numRuns: 150, seed: 42 },
  )
})

t.test('summaries that never come leave nothing that repeats or grows', async (t) => {
  const settings = { contextWindow: 3_000, threshold: 0.8, keepRecent: 50, chunkTokens: 20_000 }
  let entries: TranscriptEntry[] = []
  let longest = 0
  for (let n = 0; n < 300; n++) {
    entries.push(
      entry(`u${n}`, 'user', { content: `wish ${n} ${'x'.repeat(300)}` }),
      entry(`a${n}`, 'assistant', { content: 'y'.repeat(100) }),
    )
    const plan = planCompaction(after(entries), settings)
    if (!plan.needed) continue
    const added = await compact({ ...world, settings, transcript: after(entries), summarise: SUMMARISERS.refused })
    entries = [...after([...entries, ...added]).entries]
    for (const one of added) longest = Math.max(longest, JSON.stringify(one).length)
    t.ok(contextTokens(after(entries)) < 2_400)
  }
  t.ok(longest < 4_000, `${longest}`)
  const summary = entries.findLast(({ kind }) => kind === 'summary')
  t.equal(String(summary?.content).split('Earlier messages were left out').length, 2, 'said once')
  const lines = String(summary?.content)
    .split('\n')
    .filter((line) => line.startsWith('- '))
  t.equal(new Set(lines).size, lines.length)
})

t.test('one message longer than the window is cut in the middle, and says so', async (t) => {
  const settings = { contextWindow: 2_000, threshold: 0.8, keepRecent: 50, chunkTokens: 500 }
  const said = `BEGINNING ${EMOJI.repeat(3_000)} END`
  const entries = [entry('u', 'user', { content: said })]
  const added = await compact({ ...world, settings, transcript: transcript(entries), summarise: SUMMARISERS.good })
  t.strictSame(
    added.map(({ kind }) => kind),
    ['replace'],
  )
  const [message] = messagesOf(after([...entries, ...added]))
  t.match(message?.content, /^BEGINNING [\s\S]*characters were left out here[\s\S]* END$/)
  t.notOk(hasHalf(message))
})

t.test('what the service says it takes counts more than the settings', async (t) => {
  const settings = { contextWindow: 200_000, threshold: 0.8, keepRecent: 50, chunkTokens: 20_000 }
  const entries = Array.from({ length: 60 }, (_, n) =>
    entry(`e${n}`, n % 2 === 0 ? 'user' : 'assistant', { content: 'x'.repeat(2_000) }),
  )
  const added = await compact({ ...world, settings, transcript: transcript(entries), summarise: SUMMARISERS.good, below: 4_000 })
  t.ok(contextTokens(after([...entries, ...added])) < 4_000)
})
