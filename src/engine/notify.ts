// A question in, shown to those who may answer, where they are: by buttons where the platform has them, else as text with
// the commands to say. The page, sockets and the terminal read the event stream instead.

import { approvalHead } from '../channels/approvals.ts'
import type { ReplyTarget } from '../channels/port.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../ports.ts'
import type { ApprovalRow, NewOutboxRow } from '../storage/ports.ts'
import { visible } from './approval-text.ts'
import type { ChannelManager } from './channels.ts'
import type { Generation } from './world.ts'

export interface NotifyOptions {
  readonly channels: Pick<ChannelManager, 'get'>
  readonly log: Logger
  current(): Generation
  isPushed(channelId: string): boolean
  /** Stores a text on its way out: an approver who cannot be reached now is told when that passes. The same key counts once. */
  queue(row: NewOutboxRow): Promise<void>
}

export function createNotifier({ channels, log, current, isPushed, queue }: NotifyOptions): (row: ApprovalRow) => void {
  async function show(target: ReplyTarget, row: ApprovalRow): Promise<void> {
    const { id, agentId, toolName, expiresAt, grants } = row
    const text = detailsOf(row)
    const prompt = { id, agentId, toolName, text, expiresAt, canRemember: grants.length > 0 }
    const shown = await channels.get(target.channelId)?.askApproval?.(target, prompt)
    if (shown === true) return
    const always = grants.length > 0 ? `, /approve ${id} always` : ''
    const content = `${approvalHead(row)}\n${text}\n\nAnswer: /approve ${id} once${always}, or /deny ${id}`
    const key = `approval:${id}:${target.channelId}:${target.userId ?? ''}`
    await queue({ key, session: row.sessionKey, agentId, target, content })
  }

  return (row) => {
    for (const target of targetsOf(row, current())) {
      if (!isPushed(target.channelId)) continue
      show(target, row).catch((error: unknown) =>
        log.warn({ approval: row.id, channel: target.channelId, error: messageOf(error) }, 'an approver could not be told'),
      )
    }
  }
}

/** The chat itself when an approver asked in private, else each approver in private. */
function targetsOf(row: ApprovalRow, { plan }: Generation): readonly ReplyTarget[] {
  const approvers = plan.agents.get(row.agentId)?.permissions.approvers ?? []
  if (
    row.replyTo !== undefined &&
    row.replyTo.groupId === undefined &&
    row.requestedBy !== undefined &&
    approvers.includes(row.requestedBy)
  ) {
    return [row.replyTo]
  }
  return approvers.map((identity) => {
    const cut = identity.indexOf(':')
    return { channelId: identity.slice(0, cut), userId: identity.slice(cut + 1) }
  })
}

/** Below the heading, which channels with buttons write themselves. */
const detailsOf = (row: ApprovalRow): string =>
  [
    row.text,
    '',
    `Why it asks: ${visible(row.reason)}`,
    `Folder: ${visible(row.cwd)}`,
    ...(row.requestedBy === undefined ? [] : [`Asked for by: ${visible(row.requestedBy)}`]),
  ].join('\n')
