// Tokens that wait for a place in a lane: who comes next goes out. Of the agents the one that holds the fewest places, of its
// people the same, and where several hold as many, the one that was not served for the longest. Nobody's many chats come before
// another's one.

import { personIn } from '../plan/session-key.ts'
import type { Token } from '../storage/ports.ts'

/** By session. Insertion order is the order of service, here and in both maps below. */
type Waiting = Map<string, Token>
/** By person. */
type WaitingOfAgent = Map<string, Waiting>

export class FairQueue {
  /** By agent. */
  readonly #agents = new Map<string, WaitingOfAgent>()
  readonly #tokens: Waiting = new Map()

  get size(): number {
    return this.#tokens.size
  }

  add(token: Token): void {
    const { agentId, session } = token
    this.#tokens.set(session, token)
    const people: WaitingOfAgent = this.#agents.get(agentId) ?? new Map()
    this.#agents.set(agentId, people)
    const person = personIn(session)
    const sessions: Waiting = people.get(person) ?? new Map()
    people.set(person, sessions.set(session, token))
  }

  remove(session: string): void {
    const token = this.#tokens.get(session)
    if (token === undefined) return
    this.#tokens.delete(session)
    const people = this.#agents.get(token.agentId)
    const person = personIn(session)
    const sessions = people?.get(person)
    sessions?.delete(session)
    if (sessions?.size === 0) people?.delete(person)
    if (people?.size === 0) this.#agents.delete(token.agentId)
  }

  /** The next token, which waits no longer. `placed`: whose turns have a place now. */
  take(placed: Iterable<Pick<Token, 'agentId' | 'session'>>): Token | undefined {
    if (this.#tokens.size === 0) return undefined
    const held = placesOf(placed)
    const agent = fewest(this.#agents, held, (id) => id)
    if (agent === undefined) return undefined
    const [agentId, people] = agent
    const person = fewest(people, held, (id) => personKey(agentId, id))
    if (person === undefined) return undefined
    const [name, sessions] = person
    const [token] = sessions.values()
    if (token === undefined) return undefined
    this.remove(token.session)
    // Who was served goes to the end.
    if (sessions.size > 0) toEnd(people, name)
    if (people.size > 0) toEnd(this.#agents, agentId)
    return token
  }
}

/** Places held, by agent and by person of an agent; none is not listed. */
function placesOf(placed: Iterable<Pick<Token, 'agentId' | 'session'>>): ReadonlyMap<string, number> {
  const held = new Map<string, number>()
  for (const { agentId, session } of placed)
    for (const key of [agentId, personKey(agentId, personIn(session))]) held.set(key, (held.get(key) ?? 0) + 1)
  return held
}

/** The first of those that hold the fewest places. It looks at no more entries than there are places, and one. */
function fewest<T>(
  entries: ReadonlyMap<string, T>,
  held: ReadonlyMap<string, number>,
  keyOf: (id: string) => string,
): readonly [string, T] | undefined {
  let best: readonly [string, T] | undefined
  let least = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    const count = held.get(keyOf(entry[0])) ?? 0
    if (count >= least) continue
    best = entry
    least = count
    if (count === 0) break
  }
  return best
}

const personKey = (agentId: string, person: string): string => `${agentId}\n${person}`

function toEnd<T>(map: Map<string, T>, key: string): void {
  const value = map.get(key)
  if (value === undefined) return
  map.delete(key)
  map.set(key, value)
}
