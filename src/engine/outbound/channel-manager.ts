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
import type { Lease } from '../../storage/ports.ts'
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
  channel: Channel | null
  host: Host | null
  /** While this engine alone may hold the connection. */
  lease: Lease | null
  state: ChannelState
  /** Set once it is being stopped; settles when its connection is closed and its lease is free. */
  stopping: Promise<void> | null
  /** Ends the wait for a lease that another engine holds. */
  stopWaiting: () => void
}

type ManagerWorld = Pick<World, 'registryOf' | 'clock' | 'random' | 'log' | 'secrets' | 'emit'> & {
  readonly storage: Pick<World['storage'], 'stateDir' | 'leases'>
}

const HELD = 'Another engine holds this channel.'
/** How often a channel that another engine holds is asked for again. */
const LEASE_RETRY_MS = 5_000

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
    await Promise.all(changed.map((spec) => this.#launch(spec)))
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
    this.#plan = undefined
    await Promise.all([...this.#running.values()].map((entry) => this.#retire(entry)))
  }

  async #launch(spec: ChannelPlan): Promise<void> {
    const entry: Running = {
      spec,
      channel: null,
      host: null,
      lease: null,
      state: { state: 'starting' },
      stopping: null,
      stopWaiting() {},
    }
    this.#running.set(spec.id, entry)
    await this.#connect(entry)
  }

  async #connect(entry: Running): Promise<void> {
    const { registryOf, log } = this.#world
    const { id, type } = entry.spec
    try {
      const definition = this.#plan && registryOf(this.#plan).channels.find((one) => one.type === type)
      if (definition === undefined) throw new Error(`This build has no channel of type "${type}".`)
      // One that only answers where it was asked is every engine's own.
      if (definition.traits.resident !== true && !(await this.#takeLease(entry))) return
      const create = await definition.load()
      if (entry.stopping !== null) return
      entry.host = this.#hostFor(entry)
      entry.channel = create(entry.host)
      this.#live.set(id, entry.channel)
      await entry.channel.start()
    } catch (error) {
      log.error({ channel: id, error: messageOf(error) }, 'channel did not start')
      this.#setState(entry, { state: 'failed', detail: messageOf(error) })
    }
  }

  /** Whether this engine may hold the connection now. Where another does, it is asked for again later. */
  async #takeLease(entry: Running): Promise<boolean> {
    const { clock, storage } = this.#world
    const lease = await storage.leases.acquire(`channel:${entry.spec.id}`)
    if (entry.stopping !== null) {
      await lease?.release()
      return false
    }
    if (lease === null) {
      this.#setState(entry, { state: 'reconnecting', detail: HELD })
      entry.stopWaiting = clock.after(LEASE_RETRY_MS, () => void this.#connect(entry))
      return false
    }
    entry.lease = lease
    lease.lost.addEventListener('abort', () => void this.#lose(entry), { once: true })
    return true
  }

  /** The lease ended: another engine may hold the channel from here on. */
  async #lose(entry: Running): Promise<void> {
    if (entry.stopping !== null) return
    await this.#retire(entry)
    const { id, fingerprint } = entry.spec
    const current = this.#plan?.channels.get(id)
    if (current?.enabled === true && current.fingerprint === fingerprint && !this.#running.has(id)) await this.#launch(current)
  }

  #setState(entry: Running, reported: ChannelState): void {
    if (entry.stopping !== null) return
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

  #hostFor(entry: Running): Host {
    const { spec } = entry
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
      setState: (state) => this.#setState(entry, state),
      stateFolder: () => this.#stateFolder(spec.id),
      push: (message, context) => this.#push(message, context),
    }
  }

  async #stateFolder(channelId: string): Promise<string> {
    const folder = join(this.#world.storage.stateDir, 'channels', channelId)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return folder
  }

  /** Resolves once its connection is closed and its lease is free; it is listed until then. */
  #retire(entry: Running): Promise<void> {
    // Not at once: it must count as stopping before its channel hears of it.
    entry.stopping ??= Promise.resolve().then(() => this.#close(entry))
    return entry.stopping
  }

  async #close(entry: Running): Promise<void> {
    const { id } = entry.spec
    entry.stopWaiting()
    if (this.#live.get(id) === entry.channel) this.#live.delete(id)
    try {
      await entry.channel?.stop()
    } catch (error) {
      this.#world.log.warn({ channel: id, error: messageOf(error) }, 'channel did not stop cleanly')
    }
    // Also after a stop that failed: the channel would wait for its own lease for ever.
    await entry.lease
      ?.release()
      .catch((error: unknown) => this.#world.log.warn({ channel: id, error: messageOf(error) }, 'lease was not released'))
    if (this.#running.get(id) === entry) this.#running.delete(id)
  }
}
