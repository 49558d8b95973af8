// Approvals whose turn did not wait: the answer becomes a message of its own, and what was approved, exactly that, runs in
// the turn this message starts.

import { textOf } from '../../agent/turn.ts'
import type { StoredFile } from '../../channels/port.ts'
import { messageOf } from '../../errors.ts'
import type { Audit } from '../../permissions/audit.ts'
import type { ApprovalRow, InboxRow, NewInboxRow } from '../../storage/ports.ts'
import type { ToolGate } from '../tools/tool-gate.ts'
import type { ApprovalPayload } from '../turns/inbox-work.ts'
import type { TurnContext } from '../turns/turn-context.ts'
import type { World } from '../world.ts'
import { auditOf } from './approvals.ts'

export interface LateResult {
  readonly text: string
  /** Files that the call attached. */
  readonly attachments?: readonly StoredFile[]
}

export interface LateApprovals {
  messageOf(row: ApprovalRow): NewInboxRow
  /** Its message was stored. Must not throw. */
  decided(row: ApprovalRow): Promise<void>
  /** Runs what was approved; the text tells the model what came of it. Must not throw. */
  run(turn: TurnContext, row: InboxRow, gate: ToolGate): Promise<LateResult>
}

export function createLateApprovals(world: World, audit: Pick<Audit, 'append'>): LateApprovals {
  const { storage, clock, log } = world

  return {
    messageOf(row) {
      const payload: ApprovalPayload = {
        approvalId: row.id,
        parents: row.parents,
        askedByOwner: row.askedByOwner,
        ...(row.spender === undefined ? {} : { by: row.spender }),
        ...(row.person === undefined ? {} : { person: row.person }),
      }
      return {
        session: row.sessionKey,
        agentId: row.agentId,
        lane: 'realtime',
        messageId: `approval:${row.id}`,
        content: '',
        kind: 'approval',
        payload,
        receivedAt: clock.now(),
        ...(row.replyTo === undefined ? {} : { replyTo: row.replyTo }),
      }
    },
    async decided(row) {
      // What was decided goes on without it: a call that is approved writes its own line before it runs, or does not run.
      await audit
        .append(auditOf(row, row.state, row.decidedBy))
        .catch((error: unknown) => log.error({ error: messageOf(error) }, 'the audit log cannot be written'))
      await storage.queue.enqueue({ session: row.sessionKey, agentId: row.agentId, lane: 'realtime' })
    },
    async run(turn, inbox, gate) {
      const { approvalId } = inbox.payload as ApprovalPayload
      const row = await storage.approvals.get(approvalId)
      if (row === null) return { text: `[Approval ${approvalId} is no longer known.]` }
      const what = `${row.toolName} ${JSON.stringify(row.input)}`
      if (row.state === 'expired') return { text: `[Approval ${row.id} ran out unanswered, so this was not run: ${what}]` }
      const replaced = row.state === 'replaced'
      if (row.state !== 'once' && row.state !== 'always' && !replaced)
        return { text: `[Approval ${row.id} was denied, so this was not run: ${what}]` }
      try {
        const outcome = await gate.runApproved(turn, { id: `approved:${row.id}`, name: row.toolName, input: row.input }, row)
        const { content, isError, attachments = [] } = outcome
        const result = typeof content === 'string' ? content : textOf(content)
        const said = replaced ? 'was closed, because something changed, and asked again' : 'was granted'
        return { text: `[Approval ${row.id} ${said}. ${isError ? 'Error' : 'Result'} of ${what}]\n${result}`, attachments }
      } catch (error) {
        return { text: `[Approval ${row.id} was granted, but it failed: ${messageOf(error)}]` }
      }
    },
  }
}
