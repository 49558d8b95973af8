// A call that needs an approval in; out: the question whose answer holds, or what the model is told instead. What it is about may
// change while a person thinks: then the same is asked again, with what has changed.

import type { CallOutcome } from '../../agent/port.ts'
import type { Verdict } from '../../permissions/port.ts'
import type { ApprovalRow } from '../../storage/ports.ts'
import type { ToolDefinition } from '../../tools/port.ts'
import type { ToolEnvironment } from '../tools/tool-environment.ts'
import { replyToOf } from '../turns/inbox-work.ts'
import { personOf } from '../turns/person.ts'
import type { TurnContext } from '../turns/turn-context.ts'
import type { World } from '../world.ts'
import { approvalText } from './approval-text.ts'
import { type ApprovalQuestion, type ApprovalState, type Approvals, auditOf } from './approvals.ts'

export interface Asking {
  /** Asks people about a call. `reason`: why it needs them. */
  ask(
    turn: TurnContext,
    call: { readonly id: string; readonly tool: ToolDefinition; readonly input: unknown },
    verdict: Verdict,
  ): Promise<CallOutcome | ApprovalRow>
  /** What was answered late: the row itself where it still holds, else the outcome of asking again. */
  confirm(turn: TurnContext, toolUseId: string, tool: ToolDefinition, answered: ApprovalRow): Promise<CallOutcome | ApprovalRow>
}

export function createAsking(world: World, environment: ToolEnvironment, approvals: Approvals): Asking {
  /** Asks, and asks again until an answer holds for what is there now. */
  async function ask(turn: TurnContext, tool: ToolDefinition, first: ApprovalQuestion): Promise<CallOutcome | ApprovalRow> {
    for (let question = first; ; ) {
      const row = await approvals.open(question, () => environment.bind(turn.agent, tool, question.input))
      const { approvalWaitMs } = turn.agent.permissions
      const state = await world.storage.queue.waitOutside(turn.session.key, turn.signal, () =>
        approvals.wait(row.id, approvalWaitMs, turn.signal),
      )
      const by = (await world.storage.approvals.get(row.id))?.decidedBy
      await environment.audit.append(auditOf(row, state, by))
      if (state === 'pending') return { content: pendingText(row.id), isError: false }
      if (state !== 'once' && state !== 'always' && state !== 'replaced') return { content: deniedText(state), isError: true }
      const changes = await environment.changedSince(row)
      if (changes.length === 0 && state !== 'replaced') return row
      question = again(turn, question.toolUseId, row, changes)
    }
  }

  return {
    async ask(turn, { id, tool, input }, verdict) {
      const { approvers, timeoutMs } = turn.agent.permissions
      if (approvers.length === 0 && !turn.askedByOwner)
        return { content: `Not run: ${verdict.reason} Nobody is configured to approve it.`, isError: true }
      const replyTo = replyToOf(turn.claim.rows[0])
      const { channelId, userId } = turn.session
      const person = personOf(turn)
      return await ask(turn, tool, {
        run: turn.claim.run,
        toolUseId: id,
        agentId: turn.agent.id,
        parents: turn.parents,
        sessionKey: turn.session.key,
        toolName: tool.name,
        input,
        cwd: environment.cwdOf(turn.agent),
        reason: verdict.reason,
        text: approvalText(tool, input),
        grants: verdict.grants ?? [],
        askedByOwner: turn.askedByOwner,
        timeoutMs,
        ...(channelId === undefined || userId === undefined ? {} : { requestedBy: `${channelId}:${userId}` }),
        spender: turn.spender,
        ...(person === null ? {} : { person }),
        ...(replyTo === undefined ? {} : { replyTo }),
      })
    },
    async confirm(turn, toolUseId, tool, answered) {
      const changes = await environment.changedSince(answered)
      if (changes.length === 0 && answered.state !== 'replaced') return answered
      return await ask(turn, tool, again(turn, toolUseId, answered, changes))
    },
  }
}

/** The question once more, as the turn that asks it now. */
function again(turn: TurnContext, toolUseId: string, row: ApprovalRow, changes: readonly string[]): ApprovalQuestion {
  const { agentId, parents, sessionKey, toolName, input, cwd, reason, text, grants } = row
  const { askedByOwner, requestedBy, spender, person, replyTo } = row
  return {
    run: turn.claim.run,
    toolUseId,
    agentId,
    parents,
    sessionKey,
    toolName,
    input,
    cwd,
    reason,
    text,
    grants,
    replaces: row.id,
    changes,
    askedByOwner,
    timeoutMs: turn.agent.permissions.timeoutMs,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(spender === undefined ? {} : { spender }),
    ...(person === undefined ? {} : { person }),
    ...(replyTo === undefined ? {} : { replyTo }),
  }
}

const pendingText = (id: string): string =>
  `This needs an approval, and nobody has answered yet. Approval ${id} is pending; its result will arrive as a message. Tell the user, and do not try it again.`

function deniedText(state: ApprovalState): string {
  if (state === 'expired') return 'Not run: nobody approved it in time.'
  return state === 'cancelled' ? 'Not run: the turn was stopped.' : 'Not run: an approver denied it.'
}
