// Nobody reaches more than `access` says: random configurations on a live engine, random attempts through every door, and models
// that try everything. `CLAW_DOOR_PLANS=2000 CLAW_DOOR_SEED=7 node dist/test/redteam/doors.test.js` for a long run.

import fc from 'fast-check'
import t from 'tap'
import { type AccessRow, accessOf } from '../../src/plan/access.ts'
import { explainRoute } from '../../src/plan/route.ts'
import { patternsOf } from '../../src/plan/text-match.ts'
import { type Attempt, attempts, classIn, configurations, idOf } from './doors/configurations.ts'
import { openWorld, type Reached, type World } from './doors/world.ts'

const PLANS = Number(process.env['CLAW_DOOR_PLANS'] ?? 25)
const SEED = Number(process.env['CLAW_DOOR_SEED'] ?? 2)

/** What was reached and is in none of the rows. */
function unsaid(rows: readonly AccessRow[], { agents, calls }: Reached): readonly string[] {
  const said = new Set(rows.flatMap(({ agentId, tools }) => [agentId, ...tools.map(({ name }) => `${agentId} ${name}`)]))
  return [...agents, ...calls].filter((one) => !said.has(one))
}

/** `access` names the page's door; it is a socket. */
const doorIn = ({ door, channelId }: Attempt): string => (door === 'socket' && channelId === 'webchat' ? 'page' : door)

/** `/v1` speaks for the channel `http`, whatever the attempt says. */
const channelIn = ({ door, channelId }: Attempt): Attempt['channelId'] =>
  door === 'lab' ? 'lab' : door === '/v1' ? 'http' : channelId

t.setTimeout(60_000 + PLANS * 2_000)

t.test(`${PLANS} configurations, seed ${SEED}`, { timeout: 60_000 + PLANS * 2_000 }, async (t) => {
  const [first] = fc.sample(configurations, { seed: SEED, numRuns: 1 })
  if (first === undefined) throw new Error('no configuration')
  const world = await openWorld(first)
  t.teardown(() => world.bot.stop())
  const reachedBy = new Map<string, number>()
  let number = 0
  await fc.assert(
    fc.asyncProperty(configurations, attempts, async (configuration, tries) => {
      number++
      await world.load(number, configuration)
      const { plan } = world.bot.claw.engine
      const rows = accessOf(plan, world.registry)
      const paired = (await world.pair('4')) ? '4' : null
      for (const given of tries) {
        const attempt = { ...given, channelId: channelIn(given) }
        const isPaired = attempt.channelId === 'lab' && attempt.user === paired
        const sender = classIn(number, configuration, attempt, isPaired)
        const { group } = attempt.door === '/v1' ? {} : attempt
        const reached = await world.attempt(attempt)
        const [door, chatType] = [doorIn(attempt), group === undefined ? 'direct' : 'group']
        const here = rows.filter(
          (row) => row.channelId === attempt.channelId && row.door === door && row.chatType === chatType && row.sender === sender,
        )
        fail(unsaid(here, reached), `${JSON.stringify(attempt)} as ${sender}`)
        if (attempt.door === 'lab') await sameAsRoute(world, attempt, isPaired, reached)
        if (reached.agent !== null) reachedBy.set(`${door} ${sender}`, (reachedBy.get(`${door} ${sender}`) ?? 0) + 1)
      }
      const woken = await world.heartbeat('yearly')
      fail(
        unsaid(
          rows.filter(({ door }) => door === 'heartbeat'),
          woken,
        ),
        'the heartbeat',
      )
      if (woken.agents.size > 1) reachedBy.set('heartbeat', 1)
    }),
    { seed: SEED, numRuns: PLANS, endOnFailure: true },
  )
  t.comment(`reached: ${[...reachedBy].map(([way, count]) => `${way} ${count}`).join(', ')}`)
  for (const door of ['lab', '/chat', '/v1', 'socket', 'page', 'heartbeat'])
    t.ok(
      [...reachedBy.keys()].some((way) => way.startsWith(door)),
      `something got in by ${door}`,
    )

  /** `claw route` says who answers on a platform, and that nobody does. */
  async function sameAsRoute({ bot }: World, attempt: Attempt, isPaired: boolean, reached: Reached): Promise<void> {
    const { plan } = bot.claw.engine
    const { user, group, content, mentioned } = attempt
    const message = {
      channelId: 'lab',
      userId: idOf(number, user),
      content,
      mentioned,
      ...(group === undefined ? {} : { groupId: group }),
    }
    const { agentId } = explainRoute(plan, message, await patternsOf(plan), { paired: isPaired })
    if (agentId !== reached.agent) throw new Error(`route says ${agentId}, ${reached.agent} answered: ${JSON.stringify(attempt)}`)
  }
})

function fail(beyond: readonly string[], what: string): void {
  if (beyond.length > 0) throw new Error(`${what} reached ${beyond.join(', ')}, which access does not say`)
}
