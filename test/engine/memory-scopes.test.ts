// Nobody finds another's notes: a model that does what any message tells it, in turns of people, groups, heartbeats and
// sub-agents, never gets a text that a scope it may not read holds.

import fc from 'fast-check'
import t from 'tap'
import { personOf, reachedScopes } from '../../src/engine/turns/person.ts'
import { scopeText } from '../../src/memory/scopes.ts'
import { createMemory, memoryView } from '../../src/memory/store.ts'
import { memoryPerson, personScopes } from '../../src/plan/memory-access.ts'
import { boundedAgent } from '../../src/plan/tool-rights.ts'
import { systemClock } from '../../src/ports.ts'
import type { Claim } from '../../src/storage/ports.ts'
import { makePlan } from '../support/make-plan.ts'
import { testdir } from '../support/testdir.ts'

const SCOPES = ['person', 'agent', 'shared'] as const

const plan = makePlan({
  agents: { main: {}, scout: { memory: { write: 'agent', read: ['agent'] } } },
  channels: {
    telegram: {},
    http: { allowFrom: ['http:mehdi'] },
    irc: { groups: { respond: 'always', session: 'shared' } },
  },
  links: { mehdi: ['telegram:1', 'http:mehdi'] },
  owners: ['telegram:1'],
  heartbeats: [
    { name: 'morning', agentId: 'main' },
    { name: 'evening', agentId: 'main', for: 'telegram:2' },
  ],
})

interface Turn {
  readonly kind: 'message' | 'heartbeat' | 'spawn'
  readonly channelId: string
  readonly userId: string
  readonly groupId?: string
  readonly claimed?: true
  readonly name?: string
  readonly person?: string
}

const claimOf = (...turns: readonly Turn[]): Claim =>
  ({
    rows: turns.map(({ kind, channelId, userId, groupId, ...payload }) => ({
      kind,
      payload,
      ...(kind === 'message' ? { message: { channelId, userId, ...(groupId === undefined ? {} : { groupId }) } } : {}),
    })),
  }) as unknown as Claim

const scopesOf = (agentId: string, ...turns: readonly Turn[]) => {
  const agent = plan.agents.get(agentId)
  if (agent === undefined) throw new Error(`no agent ${agentId}`)
  return reachedScopes({ plan, agent, claim: claimOf(...turns) })
}

t.test('whose notes a turn works with', async (t) => {
  const telegram = { kind: 'message', channelId: 'telegram' } as const
  const http = { kind: 'message', channelId: 'http' } as const
  const whose = (turn: Turn): string | null => personOf({ plan, claim: claimOf(turn) })
  t.equal(whose({ ...telegram, userId: '1' }), 'mehdi', 'a link is one person on every channel')
  t.equal(whose({ ...http, userId: 'mehdi' }), 'mehdi')
  t.equal(whose({ ...telegram, userId: '2' }), 'telegram:2')
  t.equal(
    whose({ ...http, userId: 'mehdi', claimed: true }),
    'mehdi',
    'allowFrom and a gateway of this machine alone admit the claim',
  )
  t.equal(whose({ ...http, userId: 'eve', claimed: true }), 'claimed/http:eve', 'a claim that nobody vouches for is apart')
  t.equal(whose({ kind: 'message', channelId: 'irc', userId: 'a', groupId: '#x' }), 'group/irc:#x', 'a shared group is one')
  t.equal(whose({ kind: 'heartbeat', channelId: '', userId: '', name: 'morning' }), 'mehdi', 'the first owner')
  t.equal(whose({ kind: 'heartbeat', channelId: '', userId: '', name: 'evening' }), 'telegram:2', '`for`')
  t.equal(whose({ kind: 'spawn', channelId: '', userId: '', person: 'telegram:2' }), 'telegram:2', 'whom its parent works for')
  t.equal(whose({ kind: 'spawn', channelId: '', userId: '' }), null)
  t.equal(
    personOf({ plan, claim: claimOf({ ...telegram, userId: '1' }, { ...telegram, userId: '2' }) }),
    null,
    'two people in one turn: the notes of neither',
  )
  const open = makePlan({ channels: { http: { allowFrom: ['http:mehdi'] } }, gateway: { host: '0.0.0.0' } })
  t.equal(memoryPerson(open, { channelId: 'http', userId: 'mehdi' }, true), 'claimed/http:mehdi')
  t.same(personScopes(plan, 'http:mehdi').slice(0, 3), ['mehdi', 'telegram:1', 'http:mehdi'])
})

t.test('a sub-agent reads what all above it read', async (t) => {
  const wide = makePlan({
    agents: { boss: { memory: { write: 'person', read: ['person'] } }, child: { memory: { write: 'shared', read: SCOPES } } },
  })
  const child = wide.agents.get('child')
  if (child === undefined) throw new Error('no child')
  t.same(boundedAgent(wide, child, ['boss']).memory, { write: 'person', read: ['person'] })
})

/** Ids made to reach into other scopes: case, traversal, encodings, other people's names. */
const hostileId = fc.oneof(
  fc.constantFrom(
    '1',
    '2',
    'mehdi',
    'Mehdi',
    'MEHDI',
    '..',
    '../people/mehdi',
    'mehdi/..',
    '%6Dehdi',
    'mehdi.',
    'group/irc:#x',
    'irc:#x',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
)
const turn = fc.record({
  kind: fc.constant('message' as const),
  channelId: fc.constantFrom('telegram', 'http', 'irc'),
  userId: hostileId,
  groupId: fc.option(fc.constantFrom('#x', '#y', '../people/mehdi'), { nil: undefined }),
  claimed: fc.option(fc.constant(true as const), { nil: undefined }),
})

t.test('what one saves, another never finds, reads, lists or forgets', async (t) => {
  const folder = testdir(t)
  const memory = createMemory({ folder, clock: systemClock })
  let count = 0
  await fc.assert(
    fc.asyncProperty(turn, turn, async (one, other) => {
      const [ours, theirs] = [scopesOf('main', one as Turn), scopesOf('main', other as Turn)]
      if (ours.write === null || theirs.write === null) return true
      const same = scopeText(ours.write) === scopeText(theirs.write)
      const key = `note-${count++}`
      const secret = `swordfish${count}`
      const [mine, yours] = [memoryView(memory.of, ours), memoryView(memory.of, theirs)]
      await mine.save(key, `The password is ${secret}.`, { agentId: 'main' })
      const found = (await yours.search(secret)).some(({ content }) => content.includes(secret))
      const listed = (await yours.list()).some((note) => note.key === key)
      const read = (await yours.read(key)) !== null
      if (!same && (await yours.forget(key))) return false
      const kept = await mine.read(key)
      return kept !== null && (same ? found && listed && read : !found && !listed && !read)
    }),
    { numRuns: 60 },
  )
  memory.close()
})

t.test('an agent’s own notes and everyone’s', async (t) => {
  const message = { kind: 'message', channelId: 'telegram', userId: '9' } as const
  t.match(scopesOf('scout', message), { write: { kind: 'agent', name: 'scout' }, read: [{ kind: 'agent', name: 'scout' }] })
  t.match(scopesOf('main', message), { read: [{ kind: 'person', name: 'telegram:9' }, { kind: 'shared' }] })
})
