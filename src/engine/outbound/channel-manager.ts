// Channel plans in, running channels kept in step with them: what is unchanged keeps its connection, what changed is
// built anew and then swapped, what is gone is stopped. A channel that fails is a state, never a crash.

import type {
  ApprovalAnswer,
  Channel,
  ChannelHost,
  ChannelState,
  InboundMessage,
  OutboundMessage,
  Receipt,
} from '../../channels/port.ts'
import { messageOf } from '../../errors.ts'
import type { ChannelPlan, Plan } from '../../plan/plan.ts'
import type { Clock, Logger, Random } from '../../ports.ts'
import type { Registry } from '../../registry.ts'

export interface ChannelManagerOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  receive(message: InboundMessage): Promise<Receipt>
  answerApproval(channelId: string, answer: ApprovalAnswer): Promise<string>
  stateFolder(channelId: string): Promise<string>
  push(message: OutboundMessage): Promise<void>
  onState(channelId: string, state: ChannelState): void
}

export interface ChannelManager {
  /** Makes running channels match the plan. Resolves when the changed ones have begun; gives `channel:<id>` of those restarted. */
  apply(plan: Plan): Promise<readonly string[]>
  get(channelId: string): Channel | undefined
  /** In the order of the file. */
  states(): readonly { readonly id: string; readonly type: string; readonly state: string; readonly detail?: string }[]
  stop(): Promise<void>
}

interface Running {
  readonly spec: ChannelPlan
  readonly channel: Channel | null
  state: ChannelState
  retired: boolean
}

export function createChannelManager(options: ChannelManagerOptions): ChannelManager {
  const { registry, log } = options
  const running = new Map<string, Running>()
  let plan: Plan

  async function launch(spec: ChannelPlan): Promise<Running> {
    const entry: Running = { spec, channel: null, state: { state: 'starting' }, retired: false }
    const definition = registry.channels.find((one) => one.type === spec.type)
    try {
      if (definition === undefined) throw new Error(`This build has no channel of type "${spec.type}".`)
      const create = await definition.load()
      const started: Running = { ...entry, channel: create(hostFor(spec, () => started)) }
      running.set(spec.id, started)
      await started.channel?.start()
      return started
    } catch (error) {
      log.error({ channel: spec.id, error: messageOf(error) }, 'channel did not start')
      const failed = running.get(spec.id)?.spec === spec ? (running.get(spec.id) as Running) : entry
      running.set(spec.id, failed)
      setState(failed, { state: 'failed', detail: messageOf(error) })
      return failed
    }
  }

  function setState(entry: Running, state: ChannelState): void {
    if (entry.retired) return
    entry.state = state
    options.onState(entry.spec.id, state)
  }

  function hostFor(spec: ChannelPlan, entry: () => Running): ChannelHost {
    return {
      get plan() {
        return plan
      },
      spec,
      clock: options.clock,
      random: options.random,
      log,
      receive: (message) => options.receive(message),
      answerApproval: (answer) => options.answerApproval(spec.id, answer),
      setState: (state) => setState(entry(), state),
      stateFolder: () => options.stateFolder(spec.id),
      push: (message) => options.push(message),
    }
  }

  async function retire(entry: Running): Promise<void> {
    entry.retired = true
    if (running.get(entry.spec.id) === entry) running.delete(entry.spec.id)
    try {
      await entry.channel?.stop()
    } catch (error) {
      log.warn({ channel: entry.spec.id, error: messageOf(error) }, 'channel did not stop cleanly')
    }
  }

  return {
    async apply(next) {
      plan = next
      const wanted = [...next.channels.values()].filter((spec) => spec.enabled)
      const gone = [...running.values()].filter((entry) => !wanted.some((spec) => spec.id === entry.spec.id))
      const changed = wanted.filter((spec) => running.get(spec.id)?.spec.fingerprint !== spec.fingerprint)
      // The old connection ends before the new one begins: two pollers of one bot would steal each other's messages.
      await Promise.all([...gone, ...changed.flatMap((spec) => running.get(spec.id) ?? [])].map(retire))
      await Promise.all(changed.map(launch))
      return changed.map((spec) => `channel:${spec.id}`)
    },
    get: (channelId) => running.get(channelId)?.channel ?? undefined,
    // They begin side by side, and what loads first is another one each time.
    states: () =>
      [...new Set([...(running.size === 0 ? [] : plan.channels.keys()), ...running.keys()])].flatMap((id) => {
        const entry = running.get(id)
        if (entry === undefined) return []
        const { spec, state } = entry
        return [{ id, type: spec.type, state: state.state, ...('detail' in state ? { detail: state.detail } : {}) }]
      }),
    stop: async () => {
      await Promise.all([...running.values()].map(retire))
    },
  }
}
