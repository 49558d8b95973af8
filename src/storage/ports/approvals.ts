// Questions to people, each answered once.

import type { ReplyTarget } from '../../channels/port.ts'
import type { ApprovalBinding } from '../../permissions/port.ts'
import type { NewInboxRow } from './inbox.ts'

/** A question to people, word for word as it was asked. */
export interface ApprovalRow extends ApprovalBinding {
  readonly id: string
  readonly run: string
  readonly toolUseId: string
  readonly agentId: string
  /** Agents this one was started by, outermost first; their rights bound it. */
  readonly parents: readonly string[]
  readonly sessionKey: string
  readonly toolName: string
  readonly input: unknown
  /** Working folder, absolute. */
  readonly cwd: string
  readonly reason: string
  /** What approvers are shown. */
  readonly text: string
  /** Grants that "always" saves; empty: it can't be remembered. */
  readonly grants: readonly string[]
  /** The question that this one was asked in place of, and what had changed since that. */
  readonly replaces?: string
  readonly changes?: readonly string[]
  /** Identity of who spoke. */
  readonly requestedBy?: string
  /** The message came from the owner's own terminal or page. */
  readonly askedByOwner: boolean
  /** Whom the tokens of its turn are counted for. */
  readonly spender?: string
  /** Whose notes its turn reads and writes. */
  readonly person?: string
  readonly replyTo?: ReplyTarget
  readonly createdAt: number
  readonly expiresAt: number
  /** `replaced`: what it was about changed, so it is asked again. */
  readonly state: 'open' | 'once' | 'always' | 'deny' | 'expired' | 'cancelled' | 'replaced'
  /** Its turn no longer waits in place. */
  readonly late: boolean
  readonly decidedBy?: string
}

export interface ApprovalsStore {
  insert(row: ApprovalRow): Promise<void>
  get(id: string): Promise<ApprovalRow | null>
  /** Every open one, oldest first. */
  open(): Promise<readonly ApprovalRow[]>
  /**
   * Leaves `open` once: gives the settled row, or null when it was settled before. Durable when it resolves. The answer to a
   * late one is posted with it, as `message` has it, in one transaction.
   */
  settle(
    id: string,
    state: Exclude<ApprovalRow['state'], 'open'>,
    by: string,
    at: number,
    message: (settled: ApprovalRow) => NewInboxRow,
  ): Promise<ApprovalRow | null>
  /** Marks an open row late; false: it is not open. */
  setLate(id: string): Promise<boolean>
}
