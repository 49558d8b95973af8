// What the parts of the engine share, and the plan that rules now. One of these exists for each engine; nothing in it is global.

import type { EngineEvent } from '../agent/events.ts'
import type { KnownSecrets } from '../permissions/redact.ts'
import type { Plan } from '../plan/plan.ts'
import type { Router } from '../plan/route.ts'
import { withStoredLinks } from '../plan/stored-links.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import type { Registry } from '../registry.ts'
import type { PeopleStore, Storage } from '../storage/ports.ts'

/** A plan while it rules: what was built from it and lives as long. */
export interface Generation {
  readonly number: number
  /** As configured, with what people linked by a code. */
  readonly plan: Plan
  /** As configured, for comparing with the next. */
  readonly configured: Plan
  readonly router: Router
}

type Links = Awaited<ReturnType<PeopleStore['links']>>

/** The generation that rules now. A reload swaps it as one pointer; a turn keeps the one it began with. */
export class Generations {
  readonly #people: Pick<PeopleStore, 'links'>
  #links: Links
  now: Generation

  private constructor(people: Pick<PeopleStore, 'links'>, links: Links, configured: Plan, router: Router) {
    this.#people = people
    this.#links = links
    this.now = this.#make(1, configured, router)
  }

  static async begin(people: Pick<PeopleStore, 'links'>, configured: Plan, router: Router): Promise<Generations> {
    return new Generations(people, await people.links(), configured, router)
  }

  /** Before a swap, which must not fail. */
  async readLinks(): Promise<void> {
    this.#links = await this.#people.links()
  }

  swap(configured: Plan, router: Router): void {
    this.now = this.#make(this.now.number + 1, configured, router)
  }

  /** Two identities became one person by a code: the same generation, with that link. */
  async relink(): Promise<void> {
    await this.readLinks()
    this.now = this.#make(this.now.number, this.now.configured, this.now.router)
  }

  #make(number: number, configured: Plan, router: Router): Generation {
    const pairs = this.#links.map((link) => link.identities)
    return { number, configured, router, plan: withStoredLinks(configured, pairs) }
  }
}

export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** What there is under a plan: what the engine was given, and what the plan's plugins bring. */
  registryOf(plan: Plan): Registry
  readonly storage: Storage
  /** What must never be shown; every plan's are told before it rules. */
  readonly secrets: KnownSecrets
  readonly generations: Pick<Generations, 'now'>
  emit(event: EngineEvent): void
}

/** Whether replies go out through the channel: a resident one (HTTP, the page) shows them where they were asked for. */
export function isPushed({ generations, registryOf }: Pick<World, 'generations' | 'registryOf'>, channelId: string): boolean {
  const { plan } = generations.now
  const type = plan.channels.get(channelId)?.type
  return registryOf(plan).channels.find((definition) => definition.type === type)?.traits.resident !== true
}
