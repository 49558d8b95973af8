// A tool and its input in; what the call would send, and to whom, out. A tool that does not say so itself sends every text of its
// input, to what a field such as `to` or `url` names.

import type { ToolDefinition } from '../../tools/port.ts'

/** What a call sends. */
export interface Sending {
  /** The receiver, as people read it and as "always" remembers it; absent: the call names none, so nothing can be remembered. */
  readonly to?: string
  /** A person who wrote this receiver has asked for it. Not for addresses: people write those to have them read. */
  readonly named?: string
  /** Addresses that are asked. */
  readonly addresses: readonly string[]
  /** Texts that leave. */
  readonly texts: readonly string[]
}

const RECEIVER =
  /^(to|recipients?|receivers?|channel|channelId|chat|chatId|user|userId|email|address|url|uri|host|hostname|endpoint)$/i

/** What the call would send; null: nothing, or only to receivers the owner configured. */
export function sendingOf(tool: Pick<ToolDefinition, 'inputSchema' | 'sendingOf'>, input: unknown): Sending | null {
  if (tool.sendingOf !== undefined) return tool.sendingOf(input)
  const fields = isMap(input) ? Object.entries(input) : [['', input] as const]
  const receiver = fields.find(([name, value]) => RECEIVER.test(name) && typeof value === 'string' && value !== '')
  const to = receiver?.[1] as string | undefined
  const isAddress = to !== undefined && hostOf(to) !== undefined
  const texts = fields.flatMap(([name, value]) =>
    name === receiver?.[0] ? [] : textsIn(value).filter((text) => !isChoice(tool, name, text)),
  )
  if (to === undefined) return texts.length === 0 ? null : { addresses: [], texts }
  return isAddress ? { to: hostOf(to) ?? to, addresses: [to], texts } : { to, named: to, addresses: [], texts }
}

/** The host of an address; undefined: it is none. */
export function hostOf(address: string): string | undefined {
  try {
    const { host, protocol } = new URL(address)
    return protocol === 'mailto:' || host === '' ? undefined : host
  } catch {
    return undefined
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every text and number in a value; of a map its keys too. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (typeof value === 'number') return [String(value)]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isMap(value) ? Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)]) : []
}

/** A value that the tool's schema lists is a choice, not a text. */
function isChoice({ inputSchema }: Pick<ToolDefinition, 'inputSchema'>, field: string, text: string): boolean {
  const properties = inputSchema['properties']
  const schema = isMap(properties) ? properties[field] : undefined
  const listed = isMap(schema) ? schema['enum'] : undefined
  return Array.isArray(listed) && listed.includes(text)
}
