// The inbox of a storage in memory. Rows are held by the process ("node") that claimed them, and are free again when it is gone.

import {
  type Claim,
  type Inbox,
  type InboxRow,
  type NewInboxRow,
  type NewOutboxRow,
  type PendingToken,
  RANKED_LANES,
  type StoredAnswer,
} from '../ports.ts'

/** One process on the shared state; its leases end with it. */
export interface MemoryNode {
  live: boolean
  /** Aborts when it is no longer live. */
  readonly ended: AbortSignal
}

interface Row {
  readonly row: NewInboxRow & { readonly seq: number }
  /** The run that answers it. */
  run: string
  attempts: number
  holder: MemoryNode | null
}

interface Known {
  readonly seq: number
  readonly session: string
  readonly agentId: string
  readonly receivedAt: number
}

type Outcome = Parameters<Inbox['finish']>[1]

const DEFAULT_MAX = 50

/** What every node's inbox is a view of. */
export class MemoryInboxes {
  readonly #putOut: (row: NewOutboxRow) => Promise<void>
  readonly #forgetSteps: (run: string) => void
  readonly #known = new Map<string, Known>()
  /** Rows that wait or are held, oldest first. */
  readonly #open = new Map<string, Row[]>()
  readonly #answers = new Map<string, StoredAnswer>()
  #seq = 0

  constructor(putOut: (row: NewOutboxRow) => Promise<void>, forgetSteps: (run: string) => void) {
    this.#putOut = putOut
    this.#forgetSteps = forgetSteps
  }

  of(node: MemoryNode): Inbox {
    return {
      post: (row, key) => this.post(row, key),
      known: async (key) => {
        const known = this.#known.get(key)
        return known === undefined ? null : { seq: known.seq, session: known.session, agentId: known.agentId }
      },
      claimNext: async (session, options = {}) => this.#claimNext(node, session, options),
      finish: (claim, outcome) => this.#finish(claim, outcome),
      // Rows in memory count no attempts across processes.
      putBack: async () => {},
      answer: async (session, messageId) => this.#answers.get(answerKey(session, messageId)) ?? null,
      waiting: async (session) => this.#rowsOf(session).filter(isFresh).length,
      pending: async () => this.#pending(),
    }
  }

  async post(row: NewInboxRow, key: string): Promise<{ seq: number; duplicate: boolean }> {
    const earlier = this.#known.get(key)
    if (earlier !== undefined) return { seq: earlier.seq, duplicate: true }
    const seq = ++this.#seq
    this.#known.set(key, { seq, session: row.session, agentId: row.agentId, receivedAt: row.receivedAt })
    const rows = this.#rowsOf(row.session)
    this.#open.set(row.session, [...rows, { row: { ...row, seq }, run: `run-${seq}`, attempts: 0, holder: null }])
    return { seq, duplicate: false }
  }

  /** A turn of the session ended without finishing its claim: the next claim resumes it. */
  release(session: string): void {
    for (const row of this.#rowsOf(session)) row.holder = null
  }

  /** Forgets what is done and older than `before`. */
  clean(before: number): void {
    const open = new Set([...this.#open.values()].flat().map(({ row }) => row.seq))
    for (const [key, { seq, receivedAt }] of this.#known) if (receivedAt < before && !open.has(seq)) this.#known.delete(key)
    this.#answers.clear()
  }

  #rowsOf(session: string): Row[] {
    return this.#open.get(session) ?? []
  }

  #claimNext(
    node: MemoryNode,
    session: string,
    { all = false, max = DEFAULT_MAX }: { all?: boolean; max?: number },
  ): Claim | null {
    const rows = this.#rowsOf(session)
    const [first] = rows
    if (first === undefined || first.holder?.live === true) return null
    const resumed = first.attempts > 0
    const others = rows.findIndex((row) => row.row.kind !== 'message' || !isFresh(row))
    const together = all && !resumed && first.row.kind === 'message' ? Math.min(max, others === -1 ? rows.length : others) : 1
    const taken = resumed ? rows.filter((row) => row.run === first.run) : rows.slice(0, together)
    for (const row of taken) {
      row.run = first.run
      row.attempts++
      row.holder = node
    }
    return { run: first.run, resumed, rows: taken.map((row): InboxRow => ({ ...row.row, attempts: row.attempts })) }
  }

  async #finish(claim: Claim, { answers, outbox }: Outcome): Promise<void> {
    const done = new Set(claim.rows.map(({ seq }) => seq))
    for (const session of new Set(claim.rows.map((row) => row.session))) {
      const left = this.#rowsOf(session).filter(({ row }) => !done.has(row.seq))
      if (left.length === 0) this.#open.delete(session)
      else this.#open.set(session, left)
    }
    for (const answer of answers) {
      const key = answerKey(answer.session, answer.messageId)
      if (!this.#answers.has(key)) this.#answers.set(key, answer)
    }
    this.#forgetSteps(claim.run)
    for (const row of outbox) await this.#putOut(row)
  }

  #pending(): readonly PendingToken[] {
    return [...this.#open].flatMap(([session, rows]) => {
      const [first] = rows
      if (first === undefined) return []
      const lane = RANKED_LANES.find((one) => rows.some(({ row }) => row.lane === one)) ?? first.row.lane
      return [{ session, agentId: first.row.agentId, lane, begun: first.attempts }]
    })
  }
}

const isFresh = ({ attempts }: Row): boolean => attempts === 0

const answerKey = (session: string, messageId: string): string => `${session}\n${messageId}`
