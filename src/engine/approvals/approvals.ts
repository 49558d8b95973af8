// Questions to people: asked once, answered once, waited for in place a while and then by the clock. What is approved is
// kept word for word (tool, input, agent, folder) and with the files as they were, so that what runs later is exactly that.

import { createHash } from 'node:crypto'
import type { ApprovalView, EngineEvent } from '../../agent/events.ts'
import type { ApprovalBinding } from '../../permissions/port.ts'
import type { Clock, Logger } from '../../ports.ts'
import type { StopSignal } from '../../stop.ts'
import type { ApprovalRow, ApprovalsStore, NewInboxRow } from '../../storage/ports.ts'
import { changesSentence, reasonOf } from './approval-text.ts'

export type ApprovalDecision = 'once' | 'always' | 'deny'
export type ApprovalState = ApprovalRow['state']

/** What a row has beside what is asked: the binding is made when it is opened, the rest as it goes. */
type AddedToQuestion = keyof ApprovalBinding | 'id' | 'createdAt' | 'expiresAt' | 'state' | 'late' | 'decidedBy'

/** Everything that is asked, fixed at the moment of asking. */
export interface ApprovalQuestion extends Omit<ApprovalRow, AddedToQuestion> {
  readonly timeoutMs: number
}

export interface Approvals {
  /** The row of a question: the existing one (after a restart), or a new one, bound by `bind` and shown to approvers. */
  open(question: ApprovalQuestion, bind: () => Promise<ApprovalBinding>): Promise<ApprovalRow>
  /** Waits in place. `pending`: nobody answered in time; the answer comes as a message, also if this is asked again. */
  wait(id: string, waitMs: number, signal: StopSignal): Promise<ApprovalState | 'pending'>
  /**
   * First answer wins. `may`: whether this person may answer, asked with the row. An approval of what has changed since the
   * question is none: it closes the question as `replaced`, and the turn asks again.
   */
  decide(
    id: string,
    decision: ApprovalDecision,
    by: string,
    may: (row: ApprovalRow) => boolean,
  ): Promise<{ ok: boolean; message: string; missing?: true }>
  list(): Promise<readonly ApprovalRow[]>
  /** Takes up the clocks of questions an earlier process asked. */
  recover(): Promise<void>
  /** Who waits in place is told `pending`: the questions stand, and their answers will find the next process. */
  stop(): void
}

export interface ApprovalsOptions {
  readonly store: ApprovalsStore
  readonly clock: Clock
  readonly log: Logger
  emit(event: EngineEvent): void
  /** Shows a new question to those who may answer. Must not throw. */
  notify(row: ApprovalRow): void
  /** What of the files it is about has changed since it was asked. */
  changedSince(row: ApprovalRow): Promise<readonly string[]>
  /** Saves what "always" approved. */
  remember(row: ApprovalRow): Promise<void>
  /** The message that brings the answer to a question nobody waits for any more. */
  lateMessage(row: ApprovalRow): NewInboxRow
  /** This message was stored. */
  onLate(row: ApprovalRow): Promise<void>
}

/** Short enough to type, the same for the same call whatever process asks, and another for whatever else is asked. */
const approvalId = ({ run, toolUseId, toolName, input, replaces }: ApprovalQuestion): string =>
  createHash('sha256')
    .update(JSON.stringify([run, toolUseId, toolName, input, ...(replaces === undefined ? [] : [replaces])]))
    .digest('hex')
    .slice(0, 10)

/** What the audit log keeps of a question: that nobody answered yet, or who answered what. */
export const auditOf = ({ id, agentId, sessionKey, toolName }: ApprovalRow, state: ApprovalState | 'pending', by?: string) => ({
  kind: 'approval',
  id,
  agentId,
  session: sessionKey,
  tool: toolName,
  state,
  ...(by === undefined ? {} : { by }),
})

export function viewOf(row: ApprovalRow): ApprovalView {
  const { id, agentId, sessionKey, toolName, input, text, cwd, requestedBy, createdAt, expiresAt, grants } = row
  const base = {
    id,
    agentId,
    sessionKey,
    toolName,
    input,
    reason: reasonOf(row),
    text,
    cwd,
    createdAt,
    expiresAt,
    canRemember: grants.length > 0,
  }
  return requestedBy === undefined ? base : { ...base, requestedBy }
}

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { store, clock, log } = options
  const waiting = new Map<string, (state: ApprovalState | 'pending') => void>()
  const timers = new Map<string, () => void>()
  let stopped = false

  function arm(row: ApprovalRow): void {
    timers.get(row.id)?.()
    timers.set(
      row.id,
      clock.after(Math.max(0, row.expiresAt - clock.now()), () => void settle(row.id, 'expired', 'the clock').catch(report)),
    )
  }
  const report = (error: unknown): void => log.error({ error: String(error) }, 'an approval could not be settled')

  /** Gives the settled row, or null when somebody else was first. */
  async function settle(id: string, state: Exclude<ApprovalState, 'open'>, by: string): Promise<ApprovalRow | null> {
    const row = await store.settle(id, state, by, clock.now(), options.lateMessage)
    if (row === null) return null
    // What could not be saved still holds for this once.
    if (state === 'always') await options.remember(row).catch(report)
    timers.get(id)?.()
    timers.delete(id)
    options.emit({ type: 'approval_decision', id, decision: state, by })
    if (row.late) await options.onLate(row)
    else waiting.get(id)?.(state)
    return row
  }

  return {
    async open(question, bind) {
      const id = approvalId(question)
      const existing = await store.get(id)
      if (existing !== null) return existing
      const { timeoutMs, ...asked } = question
      const bound = await bind()
      const now = clock.now()
      const row: ApprovalRow = { ...asked, ...bound, id, createdAt: now, expiresAt: now + timeoutMs, state: 'open', late: false }
      await store.insert(row)
      arm(row)
      options.emit({ type: 'approval_request', approval: viewOf(row) })
      options.notify(row)
      return row
    },
    async wait(id, waitMs, signal) {
      const row = await store.get(id)
      if (row === null) return 'cancelled'
      // Its turn was killed after it had given up waiting: what was approved runs once, in the turn of its message.
      if (row.late) return 'pending'
      if (row.state !== 'open') return row.state
      const outcome = await new Promise<ApprovalState | 'pending'>((resolve) => {
        const stopTimer = clock.after(waitMs, () => finish('pending'))
        const onAbort = (): void => finish('cancelled')
        function finish(state: ApprovalState | 'pending'): void {
          stopTimer()
          signal.removeEventListener('abort', onAbort)
          waiting.delete(id)
          resolve(state)
        }
        waiting.set(id, finish)
        signal.addEventListener('abort', onAbort)
        if (signal.aborted) onAbort()
        else if (stopped) finish('pending')
      })
      if (outcome === 'cancelled') await settle(id, 'cancelled', 'the turn was stopped')
      if (outcome !== 'pending') return outcome
      // Who answers from here on finds `late` set; an answer in this very moment is found by the second look.
      const late = await store.setLate(id)
      return late ? 'pending' : ((await store.get(id))?.state ?? 'cancelled')
    },
    async decide(id, decision, by, may) {
      const row = await store.get(id)
      if (row === null) return { ok: false, missing: true, message: `There is no question ${id}.` }
      if (!may(row)) return { ok: false, message: 'You may not answer this question.' }
      if (row.state !== 'open') return { ok: false, message: `Question ${id} was already answered: ${row.state}.` }
      if (decision === 'always' && row.grants.length === 0)
        return { ok: false, message: 'This one can only be approved once, or denied.' }
      const expired = row.expiresAt <= clock.now()
      const changes = expired || decision === 'deny' ? [] : await options.changedSince(row)
      const state = expired ? 'expired' : changes.length > 0 ? 'replaced' : decision
      const settled = await settle(id, state, expired ? 'the clock' : by)
      if (settled === null || expired) return { ok: false, message: `Question ${id} was already answered, or its time was up.` }
      if (changes.length > 0)
        return { ok: false, message: `Not approved. ${changesSentence(id, changes)} A new question follows.` }
      return {
        ok: true,
        message: decision === 'deny' ? `Denied ${id}.` : `Approved ${id} ${decision === 'once' ? 'once' : 'from now on'}.`,
      }
    },
    list: () => store.open(),
    async recover() {
      for (const row of await store.open()) arm(row)
    },
    stop() {
      stopped = true
      for (const finish of [...waiting.values()]) finish('pending')
      for (const cancel of timers.values()) cancel()
      timers.clear()
    },
  }
}
