// What the parts of the engine share, and the plan that rules now. One of these exists for each engine; nothing in it is global.

import type { EngineEvent } from '../agent/events.ts'
import type { McpServers } from '../mcp/port.ts'
import type { KnownSecrets } from '../permissions/redact.ts'
import type { Router } from '../plan/admission.ts'
import type { Plan } from '../plan/plan.ts'
import { withStoredLinks } from '../plan/stored-links.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import type { Registry } from '../registry.ts'
import type { PeopleStore, Storage } from '../storage/ports.ts'
import type { Hooks } from './hooks.ts'

/** A plan while it rules: what was built from it and lives as long. */
export interface Generation {
  readonly number: number
  /** As configured, with what people linked by a code. */
  readonly plan: Plan
  /** As configured, for comparing with the next. */
  readonly configured: Plan
  readonly router: Router
  /** What the engine is built from, with the plan's plugins. */
  readonly registry: Registry
  /** Channels through which replies go out; a resident one (HTTP, the page) shows them where they were asked for. */
  readonly pushed: ReadonlySet<string>
}

/** What a generation is made from besides its plan. */
interface GenerationSources {
  readonly registryOf: (plan: Plan) => Registry
  readonly people: Pick<PeopleStore, 'links'>
}

type Links = Awaited<ReturnType<PeopleStore['links']>>

/** The generation that rules now. A reload swaps it as one pointer; a turn keeps the one it began with. */
export class Generations {
  readonly #registryOf: (plan: Plan) => Registry
  readonly #people: Pick<PeopleStore, 'links'>
  #links: Links
  now: Generation

  private constructor(from: GenerationSources, links: Links, configured: Plan, router: Router) {
    this.#registryOf = from.registryOf
    this.#people = from.people
    this.#links = links
    this.now = this.#make(1, configured, router)
  }

  static async begin(from: GenerationSources, configured: Plan, router: Router): Promise<Generations> {
    return new Generations(from, await from.people.links(), configured, router)
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
    const registry = this.#registryOf(configured)
    const resident = registry.channels.filter(({ traits }) => traits.resident === true).map(({ type }) => type)
    const pushed = [...configured.channels.values()].filter(({ type }) => !resident.includes(type)).map(({ id }) => id)
    return { number, configured, router, registry, plan: withStoredLinks(configured, pairs), pushed: new Set(pushed) }
  }
}

export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** What there is under a plan: what the engine was given, and what the plan's plugins bring. */
  registryOf(plan: Plan): Registry
  readonly mcp: McpServers
  readonly storage: Storage
  /** What must never be shown; every plan's are told before it rules. */
  readonly secrets: KnownSecrets
  readonly generations: Pick<Generations, 'now'>
  readonly hooks: Hooks | undefined
  emit(event: EngineEvent): void
}
