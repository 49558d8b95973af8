// A reply that grows in place, for every platform whose messages can be edited: chunks posted as they are needed, edited at
// the platform's pace, taken back when they cannot stand.

import { messageOf } from '../errors.ts'
import { type ChannelHost, type ReplyStream, type SendContext, type StreamOptions, UnsureError } from './port.ts'
import type { RenderedChunk } from './text/split.ts'
import { createThrottle } from './throttle.ts'

export interface EditStreamOptions extends Partial<StreamOptions> {
  readonly host: ChannelHost
  readonly intervalMs: number
  /** A longer answer is left to `send`. */
  readonly maxChars: number
  /** The text in chunks that fit, in the platform's dialect. */
  render(text: string): readonly RenderedChunk[]
  /** In order with what else is sent there. */
  run<T>(work: () => Promise<T>): Promise<T>
  post(chunk: RenderedChunk, first: boolean, signal?: AbortSignal): Promise<string>
  edit(id: string, chunk: RenderedChunk, signal?: AbortSignal): Promise<void>
  remove(id: string): Promise<void>
}

export function createEditStream(options: EditStreamOptions): ReplyStream {
  const { host } = options
  // What an earlier process showed is edited, whatever it says.
  const shown = (options.shown ?? []).map((id) => ({ id, text: '' }))
  let broken = false
  /** A message may be there that is not in `shown`, or one that could not be removed. */
  let left = false

  const note = async (isPosting: boolean): Promise<void> => {
    await options.note?.(
      shown.map(({ id }) => id),
      isPosting,
    )
  }

  const post = async (chunk: RenderedChunk, signal: AbortSignal | undefined): Promise<void> => {
    await note(true)
    try {
      shown.push({ id: await options.post(chunk, shown.length === 0, signal), text: chunk.rendered })
    } catch (error) {
      if (error instanceof UnsureError) left = true
      throw error
    }
    await note(false)
  }

  const remove = async (id: string): Promise<void> => {
    try {
      await options.remove(id)
    } catch (error) {
      left = true
      host.log.debug({ error: messageOf(error) }, 'preview was not removed')
    }
  }

  const show = async (text: string, signal?: AbortSignal): Promise<void> => {
    const expected = options.render(text)
    for (const [index, chunk] of expected.entries()) {
      const known = shown[index]
      if (known === undefined) await post(chunk, signal)
      else if (known.text !== chunk.rendered) {
        await options.edit(known.id, chunk, signal)
        known.text = chunk.rendered
      }
    }
    for (const extra of shown.splice(expected.length)) await remove(extra.id)
  }

  const throttle = createThrottle<string>({
    clock: host.clock,
    intervalMs: options.intervalMs,
    show: async (text) => {
      try {
        await options.run(() => show(text))
      } catch (error) {
        broken = true
        host.log.warn({ error: messageOf(error) }, 'preview stopped')
      }
      return undefined
    },
  })

  const cancel = async (): Promise<void> => {
    await throttle.settle()
    if (shown.length === 0 && !left) return
    for (const { id } of shown.splice(0)) await remove(id)
    await note(left).catch((error: unknown) =>
      host.log.warn({ error: messageOf(error) }, 'that a preview is gone was not stored'),
    )
  }

  return {
    update(text) {
      if (!broken && text.trim() !== '' && text.length < options.maxChars) throttle.push(text)
    },
    async finish(text: string, context: SendContext) {
      await throttle.settle()
      try {
        if (broken || shown.length === 0 || text.trim() === '' || text.length > options.maxChars)
          throw new Error('the preview cannot become the reply')
        await options.run(() => show(text, context.signal))
        return { messageIds: shown.map(({ id }) => id) }
      } catch (error) {
        host.log.debug({ error: messageOf(error) }, 'the reply is sent again from scratch')
        await cancel()
        return left ? 'left' : null
      }
    },
    cancel,
  }
}
