// One test's stage: the real engine on a plan made offline, in-memory ports, a clock that stands still, and a record of all
// that happens on it.

import type { EngineEvent } from '../agent/events.ts'
import type { Channel, InboundMessage, OutboundMessage } from '../channels/port.ts'
import { createEngine } from '../engine/engine.ts'
import type { Accepted, Engine, Refused } from '../engine/port.ts'
import type { ToolEnvironment } from '../engine/tools/tool-environment.ts'
import type { ProviderDefinition } from '../models/port.ts'
import type { Router } from '../plan/admission.ts'
import type { ModelRef, Plan } from '../plan/plan.ts'
import { createRouter } from '../plan/router.ts'
import { type Clock, type Random, silentLogger, systemClock } from '../ports.ts'
import type { Registry } from '../registry.ts'
import { createMemoryStorage } from '../storage/memory/storage.ts'
import type { ToolDefinition } from '../tools/port.ts'
import { createToolRunner } from '../tools/run.ts'
import { createCountedClock, createSimulatedClock, type SimulatedClock } from './clock.ts'
import { offlinePlan, onlyRepeats } from './offline.ts'
import { testToolEnvironment } from './tool-environment.ts'

export interface Stage {
  readonly plan: Plan
  readonly router: Router
  readonly engine: Engine
  readonly clock: SimulatedClock
  readonly environment: ToolEnvironment
  readonly events: readonly EngineEvent[]
  /** Messages pushed to channels, in order. */
  readonly sent: readonly OutboundMessage[]
  /** Takes a message in as its channel does: what a refused sender is told goes out there, where the channel is a platform. */
  receive(message: InboundMessage): Promise<Accepted | Refused>
  /** Waits until nothing moves any more: what is left waits for the clock or for a person. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Opens a stage for each test of a plan; what all of them share is made once. */
export interface Stages {
  /** `model` null: each agent's own scripted one, or the built-in one, which repeats what it is told. */
  open(startMs: number, model: ModelRef | null, real?: RealModels): Promise<Stage>
}

/** A loop of agents must not go on for ever. */
const MOST_ROUNDS = 200_000
const QUIET_ROUNDS = 4
/** Rounds after which a turn that shows nothing is waited for without keeping the processor busy. */
const BUSY_ROUNDS = 1_000
/** A turn that shows nothing for so long waits for what will not come by itself, such as another one that waits. */
const STILL_MS = 1_000
/** A real model may be silent for so long. */
const LONGEST_CALL_MS = 15 * 60_000

/** A tool of a plugin or an MCP server, without what is behind it: what it would do is not known before `claw run`. */
function withoutPlugin(tool: ToolDefinition): ToolDefinition {
  const behind = tool.plugin === undefined ? (tool.mcpServer === undefined ? undefined : 'MCP server') : 'plugin'
  if (behind === undefined) return tool
  return { ...tool, run: async () => ({ content: `(a test runs no ${behind}; ${tool.name} would have run)` }) }
}

/** Models as they are in place of scripted ones: `wrap` puts what watches or replays them around each kind of service. */
export interface RealModels {
  wrap(definition: ProviderDefinition): ProviderDefinition
}

export async function createStages(plan: Plan, registry: Registry): Promise<Stages> {
  const router = await createRouter(plan)
  const runner = createToolRunner()
  const plans = new Map<string, Plan>()
  let warm: Promise<unknown> | undefined

  /** What a turn of a script loads on its first use: a test waits for turns, not for files. The model that repeats calls no tools. */
  const load = (): Promise<unknown> =>
    Promise.all([
      ...registry.providers.flatMap((one) => (one.traits?.deterministic === true ? [one.load()] : [])),
      ...registry.tools.map((tool) => runner.validateInput(tool, {})),
    ])

  return {
    async open(startMs, model, real) {
      const key = JSON.stringify(model)
      const offline = real === undefined ? (plans.get(key) ?? offlinePlan(plan, model)) : plan
      if (real === undefined) plans.set(key, offline)
      if (!onlyRepeats(offline)) warm ??= load()
      await warm
      const events: EngineEvent[] = []
      const sent: OutboundMessage[] = []
      const clock = createSimulatedClock(startMs, () => settle())
      const modelClock = createCountedClock(clock)
      const random = countingRandom()
      const storage = createMemoryStorage({ stateDir: plan.stateDir, clock, random, log: silentLogger })
      const turns = createTurnCount()
      let environment: ToolEnvironment | undefined
      const engine = await createEngine({
        plan: offline,
        router,
        clock,
        random,
        log: silentLogger,
        registry: {
          ...registry,
          tools: registry.tools.map(withoutPlugin),
          providers: registry.providers.map((definition) =>
            real === undefined ? onClock(definition, modelClock) : onClock(real.wrap(definition), systemClock),
          ),
          channels: registry.channels.map((definition) => ({ ...definition, load: async () => () => recordingChannel(sent) })),
        },
        storage,
        load: async () => {
          throw new Error('A test does not reload.')
        },
        environment: testToolEnvironment(runner, (made) => {
          environment = made
        }),
      })
      engine.on((event) => {
        events.push(event)
        turns.see(event)
      })
      await engine.start()

      /** Quiet: for some rounds of the event loop, nothing happened and nothing is on its way. */
      const longest = real === undefined ? STILL_MS : LONGEST_CALL_MS
      async function settle(): Promise<void> {
        let [quiet, still, seen, since] = [0, 0, -1, 0]
        for (let round = 0; (real !== undefined || round < MOST_ROUNDS) && quiet < QUIET_ROUNDS; round++) {
          await new Promise((resolve) => (still < BUSY_ROUNDS ? setImmediate(resolve) : setTimeout(resolve, 1)))
          if (events.length !== seen) {
            ;[quiet, still, seen, since] = [0, 0, events.length, performance.now()]
            continue
          }
          still++
          const due = (await storage.outbox.due(clock.now(), 1)).rows.length > 0
          quiet = due || turns.working() > modelClock.waiting() ? 0 : quiet + 1
          if (still > BUSY_ROUNDS && performance.now() - since > longest) return
        }
      }

      const isPlatform = (channelId: string): boolean => {
        const type = offline.channels.get(channelId)?.type
        return type !== undefined && registry.channels.find((one) => one.type === type)?.traits.resident !== true
      }

      return {
        plan: offline,
        router,
        engine,
        clock,
        environment: environment as ToolEnvironment,
        events,
        sent,
        async receive(message) {
          const result = await engine.receive(message, { kind: 'channel' })
          if (!result.accepted && result.reply !== undefined && isPlatform(message.channelId)) {
            const { channelId, userId, groupId, threadId } = message
            sent.push({
              channelId,
              userId,
              ...(groupId === undefined ? {} : { groupId }),
              ...(threadId === undefined ? {} : { threadId }),
              content: result.reply,
              sessionKey: '',
              agentId: '',
            })
          }
          return result
        },
        settle,
        close: () => engine.stop({ drainMs: 0 }),
      }
    },
  }
}

/** Turns that run and do not wait for a person. A session has one turn at a time. */
function createTurnCount(): { see(event: EngineEvent): void; working(): number } {
  const working = new Set<string>()
  const waiting = new Map<string, string>()
  return {
    working: () => working.size,
    see(event) {
      if (event.type === 'turn_start') working.add(event.sessionKey)
      else if (event.type === 'turn_end') {
        working.delete(event.sessionKey)
        for (const [id, session] of waiting) if (session === event.sessionKey) waiting.delete(id)
      } else if (event.type === 'approval_request') {
        waiting.set(event.approval.id, event.approval.sessionKey)
        working.delete(event.approval.sessionKey)
      } else if (event.type === 'approval_decision') {
        // A turn that has ended takes up nothing: what was decided late comes as a message of its own.
        const session = waiting.get(event.id)
        waiting.delete(event.id)
        if (session !== undefined) working.add(session)
      }
    },
  }
}

const onClock = (definition: ProviderDefinition, clock: Clock): ProviderDefinition => ({
  ...definition,
  async load() {
    const create = await definition.load()
    return (spec, world) => create(spec, { ...world, clock })
  },
})

const recordingChannel = (sent: OutboundMessage[]): Channel => ({
  start: async () => {},
  stop: async () => {},
  async send(message, { idempotencyKey }) {
    sent.push(message)
    return { messageIds: [idempotencyKey] }
  },
})

function countingRandom(): Random {
  let count = 0
  return { id: () => `t${String(++count).padStart(6, '0')}`, number: () => 0.5 }
}
