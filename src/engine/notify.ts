// A question in, shown to those who may answer, where they are: by buttons where the platform has them, else as text with
// the commands to say. The page, sockets and the terminal read the event stream instead.

import { approvalHead } from '../channels/approvals.ts'
import type { ReplyTarget } from '../channels/port.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../ports.ts'
import type { ApprovalRow } from '../storage/ports.ts'
import { visible } from './approval-text.ts'
import type { ChannelManager } from './channels.ts'
import type { Generation } from './world.ts'

export interface NotifyOptions {
  readonly channels: Pick<ChannelManager, 'get'>
  readonly log: Logger
  current(): Generation
  isPushed(channelId: string): boolean
}

export function createNotifier({ channels, log, current, isPushed }: NotifyOptions): (row: ApprovalRow) => void {
  async function show(target: ReplyTarget, row: ApprovalRow): Promise<void> {
    const channel = channels.get(target.channelId)
    if (channel === undefined) return
    const { id, agentId, toolName, expiresAt, grants } = row
    const text = detailsOf(row)
    const shown = await channel.askApproval?.(target, { id, agentId, toolName, text, expiresAt, canRemember: grants.length > 0 })
    if (shown === true) return
    const always = grants.length > 0 ? `, /approve ${id} always` : ''
    const content = `${approvalHead(row)}\n${text}\n\nAnswer: /approve ${id} once${always}, or /deny ${id}`
    const signal = new AbortController().signal
    await channel.send(
      { ...target, content, sessionKey: row.sessionKey, agentId },
      { idempotencyKey: `approval:${id}:${target.userId ?? ''}`, possiblyRepeated: false, signal },
    )
  }

  return (row) => {
    for (const target of targetsOf(row, current(), isPushed)) {
      show(target, row).catch((error: unknown) =>
        log.warn({ approval: row.id, channel: target.channelId, error: messageOf(error) }, 'an approver could not be told'),
      )
    }
  }
}

/**
 * The chat itself when an approver asked in private, else each approver in private. Who asked by a request, or on the page, may
 * not be able to answer there, or not be there any more.
 */
function targetsOf(row: ApprovalRow, { plan }: Generation, isPushed: NotifyOptions['isPushed']): readonly ReplyTarget[] {
  const approvers = plan.agents.get(row.agentId)?.permissions.approvers ?? []
  if (
    row.replyTo !== undefined &&
    row.replyTo.groupId === undefined &&
    row.requestedBy !== undefined &&
    isPushed(row.replyTo.channelId) &&
    approvers.includes(row.requestedBy)
  ) {
    return [row.replyTo]
  }
  return approvers.flatMap((identity) => {
    const cut = identity.indexOf(':')
    const target = { channelId: identity.slice(0, cut), userId: identity.slice(cut + 1) }
    return isPushed(target.channelId) ? [target] : []
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
