// What a step should show and what it showed in; each difference out, as one sentence with both.

import type { OutboundMessage } from '../channels/port.ts'
import type { Expectation, ExpectedDelivery } from './spec.ts'

/** What a step showed; what does not apply to its kind is absent. */
export interface Seen {
  readonly agentId?: string | null
  readonly sessionKey?: string | null
  readonly content?: string | null
  readonly tools?: readonly string[]
  readonly mode?: string | null
  readonly rule?: number | null
  readonly reply?: string
  /** Why it was refused; null: it was not. */
  readonly refused?: string | null
  readonly decision?: string
  readonly toolCalls: readonly string[]
  readonly deliveries: readonly OutboundMessage[]
  readonly duplicate?: boolean
  readonly approval: boolean
  readonly ran: number
  /** Whether there was an approval to answer. */
  readonly answered?: boolean
}

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))
const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

/** Key of the expectation and sentence, for each that does not hold. */
export function differences(
  expected: Expectation,
  seen: Seen,
  matches: (pattern: string, text: string) => boolean,
): readonly { readonly key: string; readonly message: string }[] {
  const found: { key: string; message: string }[] = []
  const fail = (key: keyof Expectation, wanted: unknown, got: unknown): void =>
    void found.push({ key, message: `${key}: expected ${show(wanted)}, saw ${show(got)}` })

  for (const key of ['agentId', 'sessionKey', 'content', 'mode', 'rule', 'decision', 'duplicate', 'approval', 'ran'] as const) {
    if (expected[key] !== undefined && expected[key] !== (seen[key] ?? (expected[key] === null ? null : undefined)))
      fail(key, expected[key], seen[key])
  }
  const { tools } = seen
  const missing = (expected.tools ?? []).filter((name) => !tools?.includes(name))
  // An empty list, or text, says that there is none: anything else would hold of everything.
  if (missing.length > 0 || (expected.tools?.length === 0 && tools?.length !== 0)) fail('tools', expected.tools, tools)
  // What a step does not show holds nothing either way.
  if (expected.notTools !== undefined && (tools === undefined || expected.notTools.some((name) => tools.includes(name))))
    fail('notTools', expected.notTools, tools)
  for (const text of listOf(expected.reply)) if (!says(seen.reply ?? '', text)) fail('reply', text, seen.reply)
  for (const text of listOf(expected.notReply)) if ((seen.reply ?? '').includes(text)) fail('notReply', text, seen.reply)
  if (expected.replyPattern !== undefined && !matches(expected.replyPattern, seen.reply ?? ''))
    fail('replyPattern', expected.replyPattern, seen.reply)
  if (expected.refused !== undefined && !refusedAs(expected.refused, seen.refused ?? null))
    fail('refused', expected.refused, seen.refused ?? false)
  if (expected.toolCalls !== undefined && show(expected.toolCalls) !== show(seen.toolCalls))
    fail('toolCalls', expected.toolCalls, seen.toolCalls)
  if ((expected.notToolCalls ?? []).some((name) => seen.toolCalls.includes(name)))
    fail('notToolCalls', expected.notToolCalls, seen.toolCalls)
  if (expected.deliveries !== undefined && !delivered(expected.deliveries, seen.deliveries)) {
    const got = seen.deliveries.map(({ channelId, userId, groupId, content }) => ({
      channelId,
      target: groupId ?? userId,
      content,
    }))
    fail('deliveries', expected.deliveries, got)
  }
  return found
}

const says = (reply: string, text: string): boolean => (text === '' ? reply === '' : reply.includes(text))

const refusedAs = (expected: boolean | string, reason: string | null): boolean =>
  typeof expected === 'boolean' ? expected === (reason !== null) : reason?.toLowerCase().includes(expected.toLowerCase()) === true

function delivered(expected: readonly ExpectedDelivery[], seen: readonly OutboundMessage[]): boolean {
  if (expected.length !== seen.length) return false
  return expected.every(({ channelId, target, content }, index) => {
    const message = seen[index] as OutboundMessage
    if (channelId !== undefined && message.channelId !== channelId) return false
    if (target !== undefined && (message.groupId ?? message.userId) !== target) return false
    return listOf(content).every((text) => message.content.includes(text))
  })
}
