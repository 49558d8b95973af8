// What an approver reads: the input in full, why it asks, and what has changed since it was asked before. All that could deceive
// the eye is written out.

import { bindingText, changesText } from '../../permissions/approval-binding.ts'
import { showInvisible } from '../../permissions/invisible.ts'
import type { ApprovalRow } from '../../storage/ports.ts'

/** The command of a call that runs one. */
export function commandOf(toolName: string, input: unknown): string | undefined {
  const command =
    toolName === 'bash' && typeof input === 'object' && input !== null ? (input as { command?: unknown }).command : undefined
  return typeof command === 'string' ? command : undefined
}

/** The input as a person reads it: a command as it stands, anything else as JSON. */
export const approvalText = (toolName: string, input: unknown): string =>
  showInvisible(commandOf(toolName, input) ?? JSON.stringify(input, null, 2))

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
