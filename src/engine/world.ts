// What the parts of the engine share. One of these exists for each engine; nothing in it is global.

import type { EngineEvent } from '../agent/events.ts'
import type { Limits } from '../limits/port.ts'
import type { KnownSecrets } from '../permissions/redact.ts'
import type { Plan } from '../plan/plan.ts'
import type { Router } from '../plan/route.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import type { Registry } from '../registry.ts'
import type { Storage } from '../storage/ports.ts'

/** A plan while it rules: what was built from it and lives as long. */
export interface Generation {
  readonly number: number
  /** As configured, with what people linked by a code. */
  readonly plan: Plan
  /** As configured, for comparing with the next. */
  readonly configured: Plan
  readonly router: Router
}

export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly registry: Registry
  readonly storage: Storage
  readonly limits: Limits
  /** What must never be shown; every plan's are told before it rules. */
  readonly secrets: KnownSecrets
  /** The generation that rules now; a turn keeps the one it began with. */
  current(): Generation
  emit(event: EngineEvent): void
}

/** Whether replies go out through the channel: a resident one (HTTP, the page) shows them where they were asked for. */
export function isPushed({ current, registry }: Pick<World, 'current' | 'registry'>, channelId: string): boolean {
  const type = current().plan.channels.get(channelId)?.type
  return registry.channels.find((definition) => definition.type === type)?.traits.resident !== true
}
