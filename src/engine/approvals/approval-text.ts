// What an approver reads: the input in full, why it asks, and what has changed since it was asked before. All that could deceive
// the eye is written out.

import { bindingText, changesText } from '../../permissions/approval-binding.ts'
import { showInvisible } from '../../permissions/invisible.ts'
import type { ApprovalRow } from '../../storage/ports.ts'
import type { ToolDefinition } from '../../tools/port.ts'

/** The call as its tool describes it; by default its input as JSON. */
export const approvalText = (tool: Pick<ToolDefinition, 'describe'>, input: unknown): string =>
  showInvisible(tool.describe?.(input) ?? JSON.stringify(input, null, 2))

/** Why it asks and what the answer is bound to, in sentences. */
export const reasonOf = (row: Pick<ApprovalRow, 'reason' | 'workspace' | 'replaces' | 'changes'>): string =>
  [
    ...(row.replaces === undefined ? [] : [changesSentence(row.replaces, row.changes ?? [])]),
    showInvisible(row.reason),
    bindingText(row) ?? [],
  ]
    .flat()
    .join(' ')

export const changesSentence = (id: string, changes: readonly string[]): string =>
  `Since question ${id} was asked, this has changed: ${showInvisible(changesText(changes))}.`
