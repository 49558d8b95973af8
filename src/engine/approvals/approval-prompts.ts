// A question in, shown to those who may answer, where they are: by buttons where the platform has them, for as long as it is
// open, else as text with the commands to say. The page, sockets and the terminal read the event stream instead.

import { approvalHead, approvalOutcome } from '../../channels/approval-buttons.ts'
import type { ReplyTarget } from '../../channels/port.ts'
import { messageOf } from '../../errors.ts'
import { showInvisible } from '../../permissions/invisible.ts'
import type { ApprovalRow, NewOutboxRow } from '../../storage/ports.ts'
import type { EventSource } from '../hub.ts'
import type { ChannelManager } from '../outbound/channel-manager.ts'
import type { World } from '../world.ts'
import { reasonOf } from './approval-text.ts'

export function createApprovalPrompts(
  world: World,
  channels: Pick<ChannelManager, 'live'>,
  events: EventSource,
  /** Stores a text on its way out: an approver who cannot be reached now is told when that passes. The same key counts once. */
  queue: (row: NewOutboxRow) => Promise<void>,
): (row: ApprovalRow) => void {
  // Buttons that were shown anywhere are taken away once there is an answer.
  events.on('approval_decision', (event) => {
    for (const channel of channels.live.values())
      void channel.approvalClosed?.(event.id, approvalOutcome(event.decision)).catch(() => {})
  })

  async function show(target: ReplyTarget, row: ApprovalRow): Promise<void> {
    const { id, agentId, toolName, expiresAt, grants } = row
    const text = detailsOf(row)
    const prompt = { id, agentId, toolName, text, expiresAt, canRemember: grants.length > 0 }
    const shown = await channels.live.get(target.channelId)?.askApproval?.(target, prompt)
    if (shown === true) return
    const always = grants.length > 0 ? `, /approve ${id} always` : ''
    const content = `${approvalHead(row)}\n${text}\n\nAnswer: /approve ${id} once${always}, or /deny ${id}`
    const key = `approval:${id}:${target.channelId}:${target.userId ?? ''}`
    await queue({ key, session: row.sessionKey, agentId, target, content })
  }

  return (row) => {
    for (const target of targetsOf(row, world)) {
      show(target, row).catch((error: unknown) =>
        world.log.warn({ approval: row.id, channel: target.channelId, error: messageOf(error) }, 'an approver could not be told'),
      )
    }
  }
}

/**
 * The chat itself when an approver asked in private, else each approver in private. Who asked by a request, or on the page, may
 * not be able to answer there, or not be there any more.
 */
function targetsOf(row: ApprovalRow, world: World): readonly ReplyTarget[] {
  const { plan } = world.generations.now
  const approvers = plan.agents.get(row.agentId)?.permissions.approvers ?? []
  if (
    row.replyTo !== undefined &&
    row.replyTo.groupId === undefined &&
    row.requestedBy !== undefined &&
    world.generations.now.pushed.has(row.replyTo.channelId) &&
    approvers.includes(row.requestedBy)
  ) {
    return [row.replyTo]
  }
  return approvers.flatMap((identity) => {
    const cut = identity.indexOf(':')
    const target = { channelId: identity.slice(0, cut), userId: identity.slice(cut + 1) }
    return world.generations.now.pushed.has(target.channelId) ? [target] : []
  })
}

/** Below the heading, which channels with buttons write themselves. */
const detailsOf = (row: ApprovalRow): string =>
  [
    row.text,
    '',
    `Why it asks: ${reasonOf(row)}`,
    `Folder: ${showInvisible(row.cwd)}`,
    ...(row.requestedBy === undefined ? [] : [`Asked for by: ${showInvisible(row.requestedBy)}`]),
  ].join('\n')
