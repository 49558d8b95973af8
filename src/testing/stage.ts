// One test's stage: the real engine on a plan made offline, in-memory ports, a clock that stands still, and a record of all
// that happens on it.

import type { EngineEvent } from '../agent/events.ts'
import type { Channel, OutboundMessage } from '../channels/port.ts'
import { createEngine } from '../engine/engine.ts'
import type { Engine } from '../engine/port.ts'
import type { Surroundings } from '../engine/surroundings.ts'
import type { AgentPlan, ModelRef, Plan, ProviderSpec } from '../plan/plan.ts'
import { type Random, silentLogger } from '../ports.ts'
import type { Registry } from '../registry.ts'
import { createMemoryStorage } from '../storage/memory/storage.ts'
import { createSimulatedClock, type SimulatedClock } from './clock.ts'
import { testSurroundings } from './surroundings.ts'

export interface Stage {
  readonly plan: Plan
  readonly engine: Engine
  readonly clock: SimulatedClock
  readonly surroundings: Surroundings
  readonly events: readonly EngineEvent[]
  /** Messages pushed to channels, in order. */
  readonly sent: readonly OutboundMessage[]
  /** Waits until nothing moves any more: what is left waits for the clock or for a person. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Something with no plan of its own must not wait for ever; a loop of agents ends here. */
const MOST_ROUNDS = 20_000
const QUIET_ROUNDS = 4

export async function openStage(plan: Plan, registry: Registry, startMs: number, model: ModelRef | null): Promise<Stage> {
  const events: EngineEvent[] = []
  const sent: OutboundMessage[] = []
  const clock = createSimulatedClock(startMs, () => settle())
  const random = countingRandom()
  const storage = createMemoryStorage({ stateDir: plan.stateDir, clock, random, log: silentLogger })
  const offline = offlinePlan(plan, model)
  let surroundings: Surroundings | undefined
  const engine = await createEngine({
    plan: offline,
    clock,
    random,
    log: silentLogger,
    registry: {
      ...registry,
      channels: registry.channels.map((definition) => ({ ...definition, load: async () => () => recordingChannel(sent) })),
    },
    storage,
    load: async () => {
      throw new Error('A test does not reload.')
    },
    surroundings: testSurroundings((made) => {
      surroundings = made
    }),
  })
  engine.on((event) => events.push(event))
  await engine.start()

  /** Quiet: for some rounds of the event loop, nothing happened and nothing is on its way. */
  async function settle(): Promise<void> {
    let quiet = 0
    for (let round = 0, seen = -1; round < MOST_ROUNDS && quiet < QUIET_ROUNDS; round++) {
      await new Promise((resolve) => setImmediate(resolve))
      const next = storage.outbox.next()
      const due = next !== null && next.at <= clock.now()
      const moved = events.length !== seen || due || running() > 0
      quiet = moved ? 0 : quiet + 1
      seen = events.length
    }
  }

  /** Turns that run and do not wait for a person. */
  function running(): number {
    let turns = 0
    let asking = 0
    for (const event of events) {
      if (event.type === 'turn_start') turns++
      if (event.type === 'turn_end') turns--
      if (event.type === 'approval_request') asking++
      if (event.type === 'approval_decision') asking--
    }
    return Math.max(0, turns - asking)
  }

  return {
    plan: offline,
    engine,
    clock,
    surroundings: surroundings as Surroundings,
    events,
    sent,
    settle,
    close: () => engine.stop({ drainMs: 0 }),
  }
}

const recordingChannel = (sent: OutboundMessage[]): Channel => ({
  start: async () => {},
  stop: async () => {},
  async send(message, { idempotencyKey }) {
    sent.push(message)
    return { messageIds: [idempotencyKey] }
  },
})

const ECHO = 'test.echo'

/** Every agent on one scripted model; the one named, or the built-in that answers by repeating. */
function offlinePlan(plan: Plan, model: ModelRef | null): Plan {
  const echo: ProviderSpec = {
    id: ECHO,
    provider: 'scripted',
    defaultModel: 'echo',
    headers: {},
    timeoutMs: 60_000,
    maxRetries: 0,
    prices: {},
    fingerprint: ECHO,
    place: { file: plan.file, line: 1, column: 1 },
  }
  const ref = model ?? { provider: ECHO, model: 'echo' }
  const agents = new Map<string, AgentPlan>()
  for (const [id, { offline: _, ...agent }] of plan.agents) agents.set(id, { ...agent, model: ref, fallbacks: [] })
  return { ...plan, agents, models: new Map([...plan.models, [ECHO, echo]]) }
}

function countingRandom(): Random {
  let count = 0
  return { id: () => `t${String(++count).padStart(6, '0')}`, number: () => 0.5 }
}
