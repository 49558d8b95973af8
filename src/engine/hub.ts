// Events out to those who listen to their type, or to all of them, and counted for /metrics. A listener that throws is logged
// and disturbs no other.

import type { EngineEvent } from '../agent/events.ts'
import { messageOf } from '../errors.ts'
import type { Change } from '../plan/change.ts'
import type { Logger } from '../ports.ts'
import { Counters, OTHER } from './counters.ts'

export type EventType = EngineEvent['type']
export type EventOf<T extends EventType> = Extract<EngineEvent, { readonly type: T }>
type Listener = (event: EngineEvent) => void

/** Where events are heard. Both return what ends the listening. */
export interface EventSource {
  /** Every event. */
  on(listener: Listener): () => void
  /** Events of one type. */
  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): () => void
}

const MOST_UNCOUNTED = 256

export class Hub implements EventSource {
  readonly #log: Logger
  readonly #all = new Set<Listener>()
  readonly #ofType = new Map<EventType, Set<Listener>>()
  readonly #counters = new Counters()
  /** Counted when somebody asks, or when there are many: counting takes longer than all else an event does. */
  #uncounted: EngineEvent[] = []

  constructor(log: Logger) {
    this.#log = log
  }

  on(listener: Listener): () => void
  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): () => void
  on(...[first, second]: [Listener] | [EventType, (event: never) => void]): () => void {
    if (typeof first === 'function') {
      this.#all.add(first)
      return () => this.#all.delete(first)
    }
    const listener = second as Listener
    const listeners = this.#ofType.get(first) ?? new Set()
    this.#ofType.set(first, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  emit(event: EngineEvent): void {
    if (this.#uncounted.push(event) >= MOST_UNCOUNTED) this.#countAll()
    for (const listener of this.#ofType.get(event.type) ?? NONE) this.#call(listener, event)
    for (const listener of this.#all) this.#call(listener, event)
  }

  /** Counts so far. Names are those of the Prometheus text format, labels included. */
  metrics(): ReadonlyMap<string, number> {
    this.#countAll()
    return this.#counters.all
  }

  #countAll(): void {
    const events = this.#uncounted
    this.#uncounted = []
    for (const event of events) this.#count(event)
  }

  #call(listener: Listener, event: EngineEvent): void {
    try {
      listener(event)
    } catch (error) {
      this.#log.error({ event: event.type, error: messageOf(error) }, 'a listener failed')
    }
  }

  #count(event: EngineEvent): void {
    const counters = this.#counters
    counters.add('claw_events_total', { type: event.type })
    if (event.type === 'turn_end') {
      counters.add('claw_turns_total', { agent: event.agentId, ok: !event.isError })
      counters.add('claw_turn_seconds_sum', { agent: event.agentId }, event.durationMs / 1000)
    }
    if (event.type === 'tool_result') {
      const tool = event.isUnknown === true ? OTHER : event.toolName
      counters.add('claw_tool_calls_total', { tool, ok: !event.isError })
    }
    if (event.type === 'reload') this.#countReload(event)
  }

  #countReload(event: EventOf<'reload'>): void {
    const counters = this.#counters
    counters.add('claw_reloads_total', { ok: event.ok })
    for (const { action, kind } of event.changes as readonly Change[]) counters.add('claw_reload_objects_total', { kind, action })
    counters.set('claw_last_reload_ok', event.ok ? 1 : 0)
    counters.set('claw_last_reload_seconds', event.durationMs / 1000)
    counters.set('claw_last_reload_at_seconds', event.at / 1000)
  }
}

const NONE: ReadonlySet<Listener> = new Set()
