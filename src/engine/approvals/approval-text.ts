// A tool call in, the text an approver reads out: in full, with everything that could deceive the eye made visible.

import { lazily } from '../../lazily.ts'

/** Controls, format characters (bidi overrides, zero-width), private use, unassigned, separators: shown by code point. */
const deceptive = lazily(() => /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029]|[^\S \n\t]/gu)

export const visible = (text: string): string =>
  text
    .replaceAll(/\t/g, '\\t')
    .replaceAll(deceptive(), (char) => (char === '\n' ? '\n' : `\\u{${char.codePointAt(0)?.toString(16)}}`))

/** The command of a call that runs one. */
export function commandOf(toolName: string, input: unknown): string | undefined {
  const command =
    toolName === 'bash' && typeof input === 'object' && input !== null ? (input as { command?: unknown }).command : undefined
  return typeof command === 'string' ? command : undefined
}

/** The input as a person reads it: a command as it stands, anything else as JSON. */
export const approvalText = (toolName: string, input: unknown): string =>
  visible(commandOf(toolName, input) ?? JSON.stringify(input, null, 2))
