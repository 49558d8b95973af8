// What every chat platform does with what goes out, once: a queue a chat, chunks and files in order, a second attempt that resumes,
// replies that grow, questions with buttons, the typing indicator. Enters: what is particular to one platform. Leaves: the sending
// half of a `Channel`.

import { messageOf } from '../errors.ts'
import { type Button, buttonsOf, createShown } from './approval-buttons.ts'
import { createEditStream } from './edit-stream.ts'
import { fileNote } from './media.ts'
import {
  type ApprovalPrompt,
  type Channel,
  ChannelError,
  type ChannelHost,
  type OutboundFile,
  type OutboundMessage,
  type ReplyStream,
  type ReplyTarget,
  type SendContext,
  type SendResult,
  type StreamOptions,
  UnsureError,
} from './port.ts'
import { clampText, type RenderedChunk } from './text/split.ts'
import { createTypingIndicator, type TypingPlatform } from './typing-indicator.ts'

export interface SendOptions {
  /** The first message of a reply: the one that points at what it answers. */
  readonly first: boolean
  /** The same for every attempt at this message. */
  readonly key?: string
  readonly signal?: AbortSignal | undefined
}

export interface ChatPlatform {
  /** As people call it. */
  readonly name: string
  readonly limits: {
    readonly maxChars: number
    /** Messages an answer may take; a longer one is sent as a file behind its beginning. */
    readonly maxChunks: number
    readonly maxFileBytes: number
    /** Files one message can carry; default 1. */
    readonly filesAtOnce?: number
  }
  /** Whose order a message belongs to. @throws ChannelError when there is nobody to send to */
  queueOf(target: ReplyTarget): string
  /** Markdown in chunks that fit, in the platform's dialect. */
  chunks(markdown: string): readonly RenderedChunk[]
  /** In front of what may be a repeat, in the dialect. Absent: the platform tells repeats apart by their key. */
  readonly repeatNote?: string
  /** @returns the platform's id of the message */
  sendText(target: ReplyTarget, chunk: RenderedChunk, options: SendOptions): Promise<string>
  /** Absent: the platform takes no files, and people are told which there are. */
  sendFiles?(target: ReplyTarget, files: readonly OutboundFile[], options: SendOptions): Promise<string>
  /** The type of file that holds an answer too long for messages. */
  readonly longAnswer?: Pick<OutboundFile, 'name' | 'mediaType'>
  /** Messages can be edited: replies may grow. */
  readonly edits?: {
    intervalMs(target: ReplyTarget): number
    edit(target: ReplyTarget, id: string, chunk: RenderedChunk, signal?: AbortSignal): Promise<void>
    remove(target: ReplyTarget, id: string): Promise<void>
  }
  /** Messages can carry buttons. */
  readonly approvals?: {
    /** The question in chunks, the last of which gets the buttons; null: it has to be asked in plain text. */
    question(prompt: ApprovalPrompt): readonly RenderedChunk[] | null
    ask(target: ReplyTarget, chunk: RenderedChunk, buttons: readonly Button[]): Promise<string>
    /** Takes the buttons away and says what came of it. */
    close?(target: ReplyTarget, id: string, chunk: RenderedChunk, outcome: string): Promise<void>
  }
  readonly typing?: TypingPlatform
}

export type ChatSender = Pick<Channel, 'send' | 'stream' | 'typing' | 'askApproval' | 'approvalClosed'> & {
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

type Piece = { readonly chunk: RenderedChunk } | { readonly files: readonly OutboundFile[] }

const LONG_ANSWER = { name: 'answer.md', mediaType: 'text/markdown' }
const CUT = '… (the rest is cut: it is too long for this chat)'

export function createChatSender(host: ChannelHost, platform: ChatPlatform): ChatSender {
  const queues = createChatQueues()
  const chunkSender = createChunkSender()
  const asks = platform.approvals === undefined ? {} : createApprovals(host, platform, queues, platform.approvals)
  const streams = platform.edits !== undefined && host.spec.streaming === 'edit'
  return {
    send: (message, context) =>
      queues.run(platform.queueOf(message), () =>
        chunkSender.sendAll(piecesOf(message, platform), context, (piece, index, unsure) => {
          const options = { first: index === 0, key: `${context.idempotencyKey} ${index}`, signal: context.signal }
          return 'chunk' in piece
            ? platform.sendText(message, unsure ? marked(piece.chunk, platform) : piece.chunk, options)
            : sendFiles(host, platform, message, piece.files, options)
        }),
      ),
    ...(streams ? { stream: (target, _, options) => createStream(host, platform, queues.run, target, options) } : {}),
    ...(platform.typing === undefined ? {} : { typing: createTypingIndicator(host, platform.typing) }),
    ...asks,
    idle: () => queues.idle(),
  }
}

/** A reply as the messages it becomes: texts, then files, and words for each file that cannot be sent. */
function piecesOf(message: OutboundMessage, platform: ChatPlatform): Piece[] {
  const { maxChars, maxChunks, maxFileBytes, filesAtOnce = 1 } = platform.limits
  const { text, cut } = clampText(message.content, maxChars, maxChunks)
  const chunks = platform.chunks(text)
  const given = message.attachments ?? []
  const fits = (file: OutboundFile): boolean => platform.sendFiles !== undefined && file.data.length <= maxFileBytes
  const files = given.filter(fits)
  const notes = given.filter((file) => !fits(file)).map((file) => fileNote(file, platform.name))
  const pieces: Piece[] = (cut && platform.sendFiles !== undefined ? chunks.slice(0, 1) : chunks).map((chunk) => ({ chunk }))
  if (cut && platform.sendFiles === undefined) notes.unshift(CUT)
  if (cut && platform.sendFiles !== undefined) {
    const data = Buffer.from(message.content).subarray(0, maxFileBytes)
    files.unshift({ kind: 'document', ...(platform.longAnswer ?? LONG_ANSWER), data })
  }
  for (let at = 0; at < files.length; at += filesAtOnce) pieces.push({ files: files.slice(at, at + filesAtOnce) })
  if (notes.length > 0) pieces.push(...platform.chunks(notes.join('\n')).map((chunk) => ({ chunk })))
  return pieces
}

/** What the platform refuses for good is said in the file's place: the rest of the reply still arrives. */
async function sendFiles(
  host: ChannelHost,
  platform: ChatPlatform,
  target: ReplyTarget,
  files: readonly OutboundFile[],
  options: SendOptions,
): Promise<string> {
  try {
    return (await platform.sendFiles?.(target, files, options)) ?? ''
  } catch (error) {
    if (!(error instanceof ChannelError) || error.retry) throw error
    const names = files.map(({ name }) => name)
    host.log.warn({ channel: host.spec.id, files: names, error: messageOf(error) }, 'a file was refused by the platform')
    const [note] = platform.chunks(files.map((file) => fileNote(file, platform.name)).join('\n'))
    if (note === undefined) throw error
    return platform.sendText(target, note, options)
  }
}

const marked = (chunk: RenderedChunk, { repeatNote }: ChatPlatform): RenderedChunk =>
  repeatNote === undefined ? chunk : { source: `${REPEAT_NOTE}\n${chunk.source}`, rendered: `${repeatNote}\n${chunk.rendered}` }

type Run = <T>(key: string, work: () => Promise<T>) => Promise<T>

function createStream(
  host: ChannelHost,
  platform: ChatPlatform,
  run: Run,
  target: ReplyTarget,
  resumed: StreamOptions | undefined,
): ReplyStream {
  const { edits, limits } = platform
  if (edits === undefined) throw new Error(`${platform.name} has no edits.`)
  return createEditStream({
    ...resumed,
    host,
    intervalMs: edits.intervalMs(target),
    maxChars: limits.maxChars * limits.maxChunks,
    render: platform.chunks,
    run: (work) => run(platform.queueOf(target), work),
    post: (chunk, first, signal) => platform.sendText(target, chunk, { first, signal }),
    edit: (id, chunk, signal) => edits.edit(target, id, chunk, signal),
    remove: (id) => edits.remove(target, id),
  })
}

function createApprovals(
  host: ChannelHost,
  platform: ChatPlatform,
  queues: { readonly run: Run },
  { question, ask, close }: NonNullable<ChatPlatform['approvals']>,
): Pick<Channel, 'askApproval' | 'approvalClosed'> {
  const shown = createShown<{ readonly target: ReplyTarget; readonly id: string; readonly chunk: RenderedChunk }>()

  const askApproval = async (target: ReplyTarget, prompt: ApprovalPrompt): Promise<boolean> => {
    const chunks = question(prompt)
    const last = chunks?.at(-1)
    if (chunks === null || last === undefined) return false
    try {
      return await queues.run(platform.queueOf(target), async () => {
        for (const chunk of chunks.slice(0, -1)) await platform.sendText(target, chunk, { first: false })
        const id = await ask(target, last, buttonsOf(prompt))
        if (close !== undefined) shown.add(prompt.id, { target, id, chunk: last })
        return true
      })
    } catch (error) {
      host.log.warn({ channel: host.spec.id, error: messageOf(error) }, 'approval buttons were not sent')
      return false
    }
  }

  const approvalClosed = async (id: string, outcome: string): Promise<void> => {
    for (const open of shown.take(id)) {
      try {
        await close?.(open.target, open.id, open.chunk, outcome)
      } catch (error) {
        host.log.debug({ channel: host.spec.id, error: messageOf(error) }, 'an approval was not closed')
      }
    }
  }

  return { askApproval, ...(close === undefined ? {} : { approvalClosed }) }
}

interface Progress {
  readonly ids: string[]
  /** The piece at `ids.length` may have arrived although its answer did not. */
  unsure: boolean
}

export interface ChunkSender {
  /**
   * `send` gets `unsure` when an earlier attempt at this very piece may have arrived; it throws ChannelError, and an
   * UnsureError when it cannot tell whether the platform took the piece.
   */
  sendAll<P>(
    pieces: readonly P[],
    context: SendContext,
    send: (piece: P, index: number, unsure: boolean) => Promise<string>,
  ): Promise<SendResult>
}

/** What is surely not sent is this piece; those before it were. */
function othersSent(error: unknown): unknown {
  if (!(error instanceof ChannelError) || !error.notSent) return error
  const { retry, retryAfterMs, message } = error
  return new ChannelError(message, {
    retry,
    notSent: false,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: error,
  })
}

export const REPEAT_NOTE = '(This may be a repeat: the connection broke while it was sent.)'

/** Remembers the newest `keep` unfinished replies. */
export function createChunkSender(keep = 1000): ChunkSender {
  const open = new Map<string, Progress>()
  return {
    async sendAll(pieces, context, send) {
      const key = context.idempotencyKey
      const progress = open.get(key) ?? { ids: [], unsure: context.possiblyRepeated }
      open.set(key, progress)
      if (open.size > keep) open.delete(open.keys().next().value as string)
      while (progress.ids.length < pieces.length) {
        if (context.signal.aborted) throw new ChannelError('The send was cancelled.', { retry: true })
        const index = progress.ids.length
        try {
          progress.ids.push(await send(pieces[index] as (typeof pieces)[number], index, progress.unsure))
          progress.unsure = false
        } catch (error) {
          if (error instanceof UnsureError) progress.unsure = true
          if (error instanceof ChannelError && !error.retry) open.delete(key)
          throw index > 0 ? othersSent(error) : error
        }
      }
      open.delete(key)
      return { messageIds: progress.ids }
    },
  }
}

/** Work in order per key, keys in parallel: one chat's messages stay in order and do not hold up another's. */
export interface ChatQueues {
  /** Runs after what was given for this key before; the result is the work's own, failures included. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

export function createChatQueues(): ChatQueues {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run(key, work) {
      const before = tails.get(key) ?? Promise.resolve()
      const result = before.then(work, work)
      const tail = result
        .catch(() => undefined)
        .then(() => {
          if (tails.get(key) === tail) tails.delete(key)
        })
      tails.set(key, tail)
      return result
    },
    async idle() {
      while (tails.size > 0) await Promise.all(tails.values())
    },
  }
}
