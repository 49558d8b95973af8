// A tool call in, the text an approver reads out: in full, with everything that could deceive the eye made visible.

import { lazily } from '../../lazily.ts'
import type { ToolDefinition } from '../../tools/port.ts'

/** Controls, format characters (bidi overrides, zero-width), private use, unassigned, separators: shown by code point. */
const deceptive = lazily(() => /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029]|[^\S \n\t]/gu)

export const visible = (text: string): string =>
  text
    .replaceAll(/\t/g, '\\t')
    .replaceAll(deceptive(), (char) => (char === '\n' ? '\n' : `\\u{${char.codePointAt(0)?.toString(16)}}`))

/** The call as its tool describes it; by default its input as JSON. */
export const approvalText = (tool: Pick<ToolDefinition, 'describe'>, input: unknown): string =>
  visible(tool.describe?.(input) ?? JSON.stringify(input, null, 2))
