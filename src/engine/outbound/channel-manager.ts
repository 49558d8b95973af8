// Channel plans in, running channels kept in step with them: what is unchanged keeps its connection, what changed is rebuilt and
// then swapped, what is gone is stopped. A channel that fails is a state, never a crash.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ApprovalAnswer,
  type Channel,
  ChannelError,
  type ChannelHost,
  type ChannelState,
  type InboundMessage,
  type OutboundMessage,
  type Receipt,
} from '../../channels/port.ts'
import { messageOf } from '../../errors.ts'
import type { ChannelPlan, Plan } from '../../plan/plan.ts'
import type { World } from '../world.ts'

/** Where channels hand in what comes from their platforms. */
export interface ChannelInbound {
  receive(message: InboundMessage): Promise<Receipt>
  answerApproval(channelId: string, answer: ApprovalAnswer): Promise<string>
}

export interface ChannelStatus {
  readonly id: string
  readonly type: string
  readonly state: string
  readonly detail?: string
}

type Host = { -readonly [K in keyof ChannelHost]: ChannelHost[K] }

interface Running {
  readonly spec: ChannelPlan
  readonly channel: Channel | null
  readonly host: Host | null
  state: ChannelState
  retired: boolean
}

type ManagerWorld = Pick<World, 'registryOf' | 'clock' | 'random' | 'log' | 'secrets' | 'emit'> & {
  readonly storage: Pick<World['storage'], 'stateDir'>
}

export class ChannelManager {
  readonly #world: ManagerWorld
  readonly #running = new Map<string, Running>()
  readonly #live = new Map<string, Channel>()
  /** Channels that run, by id. */
  readonly live: ReadonlyMap<string, Channel> = this.#live
  #inbound: ChannelInbound | undefined
  #plan: Plan | undefined
  /** Channels whose other side connects to the gateway, and is connected. */
  readonly #present = new Set<string>()
  #push: ChannelHost['push'] = async (message: OutboundMessage) => {
    throw new ChannelError(`nothing is connected as ${message.channelId}`, { retry: true, notSent: true })
  }

  constructor(world: ManagerWorld) {
    this.#world = world
  }

  /** Starts the plan's channels; what they receive goes to `inbound` from here on. */
  async start(plan: Plan, inbound: ChannelInbound): Promise<void> {
    this.#inbound = inbound
    await this.apply(plan)
  }

  /** Makes running channels match the plan. Resolves when the changed ones have begun; returns `channel:<id>` of those restarted. */
  async apply(plan: Plan): Promise<readonly string[]> {
    this.#plan = plan
    for (const { host } of this.#running.values()) if (host !== null) host.plan = plan
    const expected = [...plan.channels.values()].filter((spec) => spec.enabled)
    const gone = [...this.#running.values()].filter((entry) => !expected.some((spec) => spec.id === entry.spec.id))
    const changed = expected.filter((spec) => this.#running.get(spec.id)?.spec.fingerprint !== spec.fingerprint)
    // The old connection ends before the new one begins: two pollers of one bot would steal each other's messages.
    const old = changed.flatMap((spec) => this.#running.get(spec.id) ?? [])
    await Promise.all([...gone, ...old].map((entry) => this.#retire(entry)))
    await Promise.all(changed.map((spec) => this.#launch(spec, plan)))
    return changed.map((spec) => `channel:${spec.id}`)
  }

  /** In the order of the file. */
  states(): readonly ChannelStatus[] {
    // They begin side by side, and what loads first is another one each time.
    const inFile = this.#running.size === 0 ? [] : (this.#plan?.channels.keys() ?? [])
    return [...new Set([...inFile, ...this.#running.keys()])].flatMap((id) => {
      const entry = this.#running.get(id)
      if (entry === undefined) return []
      const { spec, state } = entry
      return [{ id, type: spec.type, state: state.state, ...('detail' in state ? { detail: state.detail } : {}) }]
    })
  }

  /** Who hands replies to programs connected as channels of type `socket`. */
  setPusher(push: ChannelHost['push']): void {
    this.#push = push
  }

  /** Whether a program is connected to the gateway as this channel. */
  setPresence(channelId: string, isThere: boolean): void {
    if (isThere) this.#present.add(channelId)
    else this.#present.delete(channelId)
    const entry = this.#running.get(channelId)
    if (entry === undefined || !['waiting', 'connected'].includes(entry.state.state)) return
    this.#setState(entry, { state: isThere ? 'connected' : 'waiting' })
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((entry) => this.#retire(entry)))
  }

  async #launch(spec: ChannelPlan, plan: Plan): Promise<void> {
    const { registryOf, log } = this.#world
    const entry: Running = { spec, channel: null, host: null, state: { state: 'starting' }, retired: false }
    const definition = registryOf(plan).channels.find((one) => one.type === spec.type)
    try {
      if (definition === undefined) throw new Error(`This build has no channel of type "${spec.type}".`)
      const create = await definition.load()
      const host = this.#hostFor(spec, () => started)
      const channel = create(host)
      const started: Running = { ...entry, channel, host }
      this.#running.set(spec.id, started)
      this.#live.set(spec.id, channel)
      await channel.start()
    } catch (error) {
      log.error({ channel: spec.id, error: messageOf(error) }, 'channel did not start')
      const failed = this.#running.get(spec.id)?.spec === spec ? (this.#running.get(spec.id) as Running) : entry
      this.#running.set(spec.id, failed)
      this.#setState(failed, { state: 'failed', detail: messageOf(error) })
    }
  }

  #setState(entry: Running, reported: ChannelState): void {
    if (entry.retired) return
    // The other side may have connected before the channel was started.
    const isThere = reported.state === 'waiting' && this.#present.has(entry.spec.id)
    const state: ChannelState = isThere ? { state: 'connected' } : reported
    entry.state = state
    this.#world.emit({
      type: 'channel',
      channelId: entry.spec.id,
      state: state.state,
      ...('detail' in state ? { detail: this.#world.secrets.redact(state.detail) } : {}),
    })
  }

  #hostFor(spec: ChannelPlan, entry: () => Running): Host {
    const { clock, random, log } = this.#world
    const inbound = this.#inbound
    const plan = this.#plan
    if (inbound === undefined || plan === undefined) throw new Error('Channels start with their engine.')
    return {
      plan,
      spec,
      clock,
      random,
      log,
      receive: inbound.receive,
      answerApproval: (answer) => inbound.answerApproval(spec.id, answer),
      setState: (state) => this.#setState(entry(), state),
      stateFolder: () => this.#stateFolder(spec.id),
      push: (message, context) => this.#push(message, context),
    }
  }

  async #stateFolder(channelId: string): Promise<string> {
    const folder = join(this.#world.storage.stateDir, 'channels', channelId)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return folder
  }

  async #retire(entry: Running): Promise<void> {
    entry.retired = true
    if (this.#running.get(entry.spec.id) === entry) {
      this.#running.delete(entry.spec.id)
      this.#live.delete(entry.spec.id)
    }
    try {
      await entry.channel?.stop()
    } catch (error) {
      this.#world.log.warn({ channel: entry.spec.id, error: messageOf(error) }, 'channel did not stop cleanly')
    }
  }
}
