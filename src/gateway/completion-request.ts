// The body of a chat completions request in, what an agent needs of it out. @throws RequestProblem naming the field

import type { Attachment } from '../channels/port.ts'
import type { CallerMessage } from '../engine/port.ts'
import { id, optionalBoolean, text } from './fields.ts'
import { RequestProblem } from './replies.ts'

type Fields = Readonly<Record<string, unknown>>

export interface CompletionRequest {
  readonly model: string
  readonly stream: boolean
  /** A last chunk with token counts is wanted. */
  readonly streamUsage: boolean
  /** Names a kept session; absent: the messages are the whole conversation, and nothing is kept. */
  readonly userId?: string
  /** The last message. */
  readonly content: string
  readonly media: readonly Attachment[]
  /** All before it, oldest first. */
  readonly earlier: readonly CallerMessage[]
  /** Fields that say how a model is to be called, which is the agent's to decide. */
  readonly ignored: readonly string[]
}

export function completionRequest(body: Fields, userHeader: string | undefined): CompletionRequest {
  refuseUnsupported(body)
  const messages = body['messages']
  if (!Array.isArray(messages) || messages.length === 0) throw wrong('"messages" must be a list with at least one message.')
  const all = messages.map((message: unknown, index) => readMessage(message, index))
  const last = all.at(-1)
  if (last?.role !== 'user') throw wrong('The last of "messages" must be of role "user".')
  if (last.content.trim() === '' && last.media.length === 0) throw wrong('The last message has no text.')
  const userId = body['user'] === undefined || body['user'] === null ? userHeader : id(body, 'user')
  const options = body['stream_options']
  return {
    model: text(body, 'model'),
    stream: optionalBoolean(body, 'stream') ?? false,
    streamUsage: isFields(options) && options['include_usage'] === true,
    ...(userId === undefined || userId === '' ? {} : { userId }),
    content: last.content,
    media: last.media,
    earlier: all.slice(0, -1).map(({ role, content, media }) => ({
      role,
      content: media.length === 0 ? content : `${content}\n[${media.length} attachment${media.length === 1 ? '' : 's'}]`.trim(),
    })),
    ignored: Object.keys(body).filter((key) => !READ.has(key)),
  }
}

const READ: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'user',
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'n',
  'response_format',
])

/** What would change the answer's meaning if it were left out. */
function refuseUnsupported(body: Fields): void {
  const given = (key: string): boolean => Array.isArray(body[key]) && (body[key] as unknown[]).length > 0
  if (given('tools') || given('functions'))
    throw new RequestProblem(
      400,
      'unsupported_tools',
      'An agent uses the tools that its configuration gives it; "tools" of the caller are not called.',
    )
  if (body['n'] !== undefined && body['n'] !== null && body['n'] !== 1) throw wrong('"n" must be 1: an agent gives one answer.')
  const format = body['response_format']
  if (isFields(format) && format['type'] !== undefined && format['type'] !== 'text')
    throw wrong('"response_format" must be text: ask for the form you want in the message.')
}

type Read = CallerMessage & { readonly media: readonly Attachment[] }

function readMessage(message: unknown, index: number): Read {
  const at = `messages[${index}]`
  if (!isFields(message)) throw wrong(`"${at}" must be an object.`)
  const { role } = message
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', ...readContent(message['content'], at) }
    case 'user':
      return { role: 'user', ...readContent(message['content'], at) }
    case 'assistant': {
      const { content, media } = readContent(message['content'] ?? '', at)
      return { role: 'assistant', content: [content, ...callsIn(message['tool_calls'])].filter(Boolean).join('\n'), media }
    }
    case 'tool':
    case 'function':
      return { role: 'user', content: `[result of a tool]\n${readContent(message['content'], at).content}`, media: [] }
    default:
      throw wrong(`"${at}.role" must be system, developer, user, assistant or tool.`)
  }
}

/** Calls that a model made for the caller's own program, as text: here they are history. */
function callsIn(calls: unknown): readonly string[] {
  if (!Array.isArray(calls)) return []
  return calls.flatMap((call: unknown) => {
    const made = isFields(call) ? call['function'] : undefined
    return isFields(made) ? [`[called ${String(made['name'])} ${String(made['arguments'])}]`] : []
  })
}

/** A text, or a list of text and image parts. */
function readContent(content: unknown, at: string): { readonly content: string; readonly media: readonly Attachment[] } {
  if (typeof content === 'string') return { content, media: [] }
  if (!Array.isArray(content)) throw wrong(`"${at}.content" must be a text or a list of parts.`)
  const texts: string[] = []
  const media: Attachment[] = []
  for (const [n, part] of content.entries()) {
    const where = `${at}.content[${n}]`
    if (!isFields(part)) throw wrong(`"${where}" must be an object.`)
    if (typeof part['text'] === 'string') texts.push(part['text'])
    else if (part['type'] === 'image_url') media.push(imageIn(part['image_url'], where))
    else if (part['type'] === 'file' || part['type'] === 'input_file') media.push(fileIn(part['file'] ?? part, where))
    else throw wrong(`"${where}" is of type ${String(part['type'])}; text, image_url and file are read.`)
  }
  return { content: texts.join('\n'), media }
}

function imageIn(image: unknown, at: string): Attachment {
  const url = isFields(image) ? image['url'] : image
  const media = dataUrl(url)
  if (media === null) throw wrong(`"${at}.image_url" must be a data: URL; pictures are not fetched from elsewhere.`)
  return { kind: 'image', ...media }
}

function fileIn(file: unknown, at: string): Attachment {
  const media = isFields(file) ? dataUrl(file['file_data']) : null
  if (media === null) throw wrong(`"${at}.file" must hold "file_data" as a data: URL.`)
  const name = (file as Fields)['filename']
  return { kind: 'document', ...media, ...(typeof name === 'string' ? { name } : {}) }
}

function dataUrl(url: unknown): Pick<Attachment, 'mediaType' | 'data' | 'bytes'> | null {
  const found = typeof url === 'string' ? /^data:([\w.+-]+\/[\w.+-]+)(?:;[^,;]+)*;base64,([A-Za-z0-9+/=\s]*)$/.exec(url) : null
  if (found === null) return null
  const data = (found[2] ?? '').replaceAll(/\s/g, '')
  return { mediaType: found[1] ?? '', data, bytes: Math.floor((data.length * 3) / 4) }
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

const wrong = (message: string): RequestProblem => new RequestProblem(400, 'invalid_field', message)
