// What services send when something is wrong, in any of the shapes they use; one shape out.

import { shortened, wellFormed } from '../text-cut.ts'

export interface ServiceFault {
  readonly message: string
  readonly type?: string
  readonly code?: string
  /** The field of the request that is at fault, as the service writes it. */
  readonly param?: string
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Longer texts are pages or dumps; their beginning says enough. */
const LONGEST_TEXT = 600

/** The fault a value tells of, or null: it is something else, such as a piece of an answer. */
export function faultIn(value: unknown): ServiceFault | null {
  // Google's services answer with a list of one error.
  if (Array.isArray(value)) return firstOf(value, faultIn)
  if (!isFields(value)) return null
  const { error, detail, errors } = value
  if (typeof error === 'string' && error !== '') return { message: error, ...namesIn(value) }
  if (isFields(error)) return described(error)
  if (isAnswer(value)) return null
  // FastAPI and what is built on it (Mistral, vLLM): a text, or a list of places with what is wrong there.
  if (typeof detail === 'string' || Array.isArray(detail)) return detailed(detail)
  if (Array.isArray(errors)) return firstOf(errors, (one) => (isFields(one) ? described(one) : null))
  const isNamed = value['object'] === 'error' || value['type'] === 'error' || textOf(value) !== undefined
  return isNamed ? described(value) : null
}

/** The fault that the body of a failed answer tells of; a body that is no JSON is cut down to its words. */
export function faultInBody(body: string): ServiceFault {
  const value = parsed(body)
  return (value === undefined ? null : faultIn(value)) ?? { message: words(body) }
}

const isAnswer = (value: Fields): boolean => 'choices' in value || 'content' in value || 'delta' in value || 'usage' in value

function described(error: Fields): ServiceFault {
  const inner = isFields(error['message']) ? (faultIn(error['message']) ?? undefined) : undefined
  const text = inner?.message ?? textOf(error) ?? shortened(JSON.stringify(error), LONGEST_TEXT)
  // OpenRouter says only "Provider returned error" itself, and hands on what the provider said.
  const metadata = error['metadata']
  const raw = isFields(metadata) && typeof metadata['raw'] === 'string' ? faultInBody(metadata['raw']).message : ''
  return { message: raw === '' ? text : `${text}: ${raw}`, ...namesIn(error), ...inner }
}

function textOf(error: Fields): string | undefined {
  for (const key of ['message', 'Message', 'msg', 'error_msg', 'detail']) {
    const text = error[key]
    if (typeof text === 'string' && text !== '') return text
  }
  return undefined
}

function namesIn(error: Fields): Omit<ServiceFault, 'message'> {
  const name = (...keys: readonly string[]): string | undefined => {
    for (const key of keys) {
      const value = error[key]
      if (typeof value === 'string' && value !== '' && value !== 'error') return value
      if (typeof value === 'number') return String(value)
    }
    return undefined
  }
  const type = name('type', 'status', '__type')
  const code = name('code')
  const param = name('param')
  return {
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  }
}

function detailed(detail: string | readonly unknown[]): ServiceFault {
  if (typeof detail === 'string') return { message: detail }
  const [first] = detail
  if (!isFields(first)) return { message: shortened(JSON.stringify(detail), LONGEST_TEXT) }
  const place = Array.isArray(first['loc']) ? first['loc'].filter((part) => part !== 'body').join('.') : ''
  const message = textOf(first) ?? 'The request was refused.'
  return place === '' ? { message } : { message: `${place}: ${message}`, param: place }
}

function firstOf<T>(list: readonly unknown[], find: (one: unknown) => T | null): T | null {
  for (const one of list) {
    const found = find(one)
    if (found !== null) return found
  }
  return null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a page or a plain text says, in one line. */
function words(text: string): string {
  const plain = text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return shortened(wellFormed(plain), LONGEST_TEXT)
}

/** A fault as an error of the shape that the services' clients throw. */
export function faultError({ message, type, code, param }: ServiceFault): Error {
  return Object.assign(new Error(message), { type, code, param })
}
