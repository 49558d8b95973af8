// What stands in for the engine when a channel is tried alone: it stores, forgets duplicates, refuses when told to,
// and sends again what failed, as the engine's intake and outbox do.

import { mkdir } from 'node:fs/promises'
import { channelSettings } from '../../config/compile/channel-settings.ts'
import { channelShapes } from '../../config/shape.ts'
import type { ChannelPlan, Plan } from '../../plan/plan.ts'
import type { Clock, Logger } from '../../ports.ts'
import { silentLogger, systemRandom } from '../../ports.ts'
import { sleep } from '../backoff.ts'
import type {
  ApprovalAnswer,
  Channel,
  ChannelDefinition,
  ChannelHost,
  ChannelState,
  InboundMessage,
  OutboundMessage,
  Receipt,
  SendResult,
} from '../port.ts'
import { ChannelError } from '../port.ts'

/** The machine's clock, faster by a factor: seconds of backoff pass in milliseconds, and fakes can share it. */
export function fastClock(factor: number): Clock {
  const began = Date.now()
  return {
    now: () => began + (Date.now() - began) * factor,
    elapsed: () => performance.now() * factor,
    after(ms, callback) {
      const timer = setTimeout(callback, Math.min(ms / factor, 2 ** 31 - 1))
      timer.unref()
      return () => clearTimeout(timer)
    },
  }
}

export interface KitHostOptions {
  readonly type: string
  /** Where the type is none that ships: its defaults are filled in, as they are by the engine. */
  readonly definition?: ChannelDefinition
  readonly id?: string
  readonly clock: Clock
  readonly stateFolder: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly apiRoot?: string
  readonly streaming?: 'edit' | 'final'
  readonly spec?: Partial<ChannelPlan>
  /** Routing rules the channel may read prefixes from. */
  readonly prefixes?: readonly string[]
  readonly log?: Logger
}

export interface KitHost extends ChannelHost {
  /** Stored messages in order, duplicates left out. */
  readonly received: readonly InboundMessage[]
  /** Every delivery, duplicates and refusals included. */
  readonly deliveries: readonly InboundMessage[]
  readonly answers: readonly ApprovalAnswer[]
  readonly states: readonly ChannelState[]
  readonly state: ChannelState
  /** The next `times` messages cannot be stored. */
  failReceives(times: number): void
  /** Storing takes this long. */
  delayReceives(ms: number | ((message: InboundMessage) => number)): void
  /** What a pressed button is answered with. */
  answerWith(make: (answer: ApprovalAnswer) => string): void
  /** Resolves when the test holds. @throws after `withinMs` of real time, with `what` and what was there. */
  until(what: string, test: () => boolean, withinMs?: number): Promise<void>
}

function defaultsOf(type: string, definition: ChannelDefinition | undefined): Readonly<Record<string, unknown>> {
  const shape = channelShapes(definition === undefined ? [] : [definition]).of(type)
  return shape === undefined ? {} : channelSettings(type, {}, shape, () => undefined)
}

const place = { file: 'openclaw.yaml', line: 1, column: 1 }

export function createKitHost(options: KitHostOptions): KitHost {
  const id = options.id ?? options.type
  const spec: ChannelPlan = {
    id,
    type: options.type,
    enabled: true,
    strangers: 'ignore',
    groups: { respond: 'mention', session: 'per-user' },
    streaming: options.streaming ?? 'final',
    media: { maxBytes: 10_485_760 },
    maxMessageChars: 100_000,
    settings: { ...defaultsOf(options.type, options.definition), ...options.settings },
    fingerprint: 'kit',
    place,
    ...(options.apiRoot === undefined ? {} : { apiRoot: options.apiRoot }),
    ...options.spec,
  }
  const rules = (options.prefixes ?? []).map((prefix, index) => ({
    index,
    priority: 0,
    agentId: 'main',
    prefix,
    fingerprint: prefix,
    place,
  }))
  // A channel reads its own spec and the rules' prefixes, nothing else of a plan.
  const plan = { file: 'openclaw.yaml', rules, channels: { [id]: spec } } as unknown as Plan
  const received: InboundMessage[] = []
  const deliveries: InboundMessage[] = []
  const answers: ApprovalAnswer[] = []
  const states: ChannelState[] = []
  const seen = new Set<string>()
  let failures = 0
  let delay: (message: InboundMessage) => number = () => 0
  let answer: (given: ApprovalAnswer) => string = (given) => `Noted: ${given.decision}.`

  const receive = async (message: InboundMessage): Promise<Receipt> => {
    deliveries.push(message)
    const wait = delay(message)
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    if (failures > 0) {
      failures--
      throw new Error('The store is full (by order of the kit).')
    }
    if (message.messageId !== undefined) {
      if (seen.has(message.messageId)) return { accepted: true, duplicate: true }
      seen.add(message.messageId)
    }
    received.push(message)
    return { accepted: true }
  }

  return {
    plan,
    spec,
    clock: options.clock,
    random: systemRandom,
    log: options.log ?? silentLogger,
    receive,
    push: async () => {
      throw new ChannelError('nothing is connected here', { retry: true, notSent: true })
    },
    async answerApproval(given) {
      answers.push(given)
      return answer(given)
    },
    setState(state) {
      states.push(state)
    },
    async stateFolder() {
      await mkdir(options.stateFolder, { recursive: true })
      return options.stateFolder
    },
    received,
    deliveries,
    answers,
    states,
    get state() {
      return states.at(-1) ?? { state: 'stopped' }
    },
    failReceives(times) {
      failures = times
    },
    delayReceives(ms) {
      delay = typeof ms === 'number' ? () => ms : ms
    },
    answerWith(make) {
      answer = make
    },
    until(what, test, withinMs = 10_000) {
      return until(what, test, () => `state ${JSON.stringify(states.at(-1))}, ${received.length} received`, withinMs)
    },
  }
}

/** Looks every few milliseconds until the test holds. @throws when it does not in time */
export async function until(
  what: string,
  test: () => boolean | Promise<boolean>,
  seen: () => string = () => '',
  withinMs = 10_000,
): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`Waited in vain for: ${what}. ${seen()}`)
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}

let keys = 0

/** Sends as the engine's outbox does: again after errors that allow it, never before the time the platform asked for. */
export async function deliver(
  channel: Channel,
  host: KitHost,
  message: Partial<OutboundMessage> & { content: string },
  options: { attempts?: number; key?: string } = {},
): Promise<SendResult> {
  const idempotencyKey = options.key ?? `kit-${++keys}`
  const full: OutboundMessage = { channelId: host.spec.id, sessionKey: 'agent:main:main', agentId: 'main', ...message }
  for (let attempt = 1; ; attempt++) {
    try {
      return await channel.send(full, { idempotencyKey, possiblyRepeated: false, signal: new AbortController().signal })
    } catch (error) {
      if (!(error instanceof ChannelError)) throw new Error(`send threw something else than ChannelError: ${String(error)}`)
      if (!error.retry || attempt >= (options.attempts ?? 30)) throw error
      await sleep(host.clock, Math.max(error.retryAfterMs ?? 0, 500))
    }
  }
}
