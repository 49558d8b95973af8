// Files that came with a message: kept within the channel's limits whatever way they came, and speech made text where a
// command or an endpoint for it is configured.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sniff, takes } from '../../channels/media.ts'
import type { Attachment } from '../../channels/port.ts'
import { messageOf } from '../../errors.ts'
import type { ChannelPlan, Plan } from '../../plan/plan.ts'
import { headOf } from '../../text-cut.ts'

/** A file within the limits as it is; any other without its bytes, with a note that says why. */
export function withinLimits(channel: ChannelPlan, media: Attachment): Attachment {
  if (media.data === undefined) return media
  const { data, ...rest } = media
  const bytes = Buffer.byteLength(data, 'base64')
  if (bytes > channel.media.maxBytes) return { ...rest, bytes, note: `not taken: larger than ${channel.media.maxBytes} bytes` }
  const head = Buffer.from(data.slice(0, 64), 'base64')
  const seen = sniff(head)
  const mediaType = seen ?? media.mediaType
  if (!takes(channel, mediaType))
    return { ...rest, bytes, note: `not taken: ${mediaType} is not among the types this channel takes` }
  // What calls itself an image and is none would make the model's service refuse the whole request.
  if (seen === null && media.mediaType.startsWith('image/'))
    return { ...rest, bytes, note: `not taken: its bytes are no ${media.mediaType}` }
  return { ...media, mediaType, bytes }
}

const SPEECH_MS = 120_000
const MAX_TEXT = 100_000

/** Speech as text. Must not throw: where it fails, the note says so. */
export async function transcribed(plan: Plan, media: Attachment, signal: AbortSignal): Promise<Attachment> {
  const { transcription } = plan
  if (media.kind !== 'audio' || media.data === undefined) return media
  const { data, ...rest } = media
  if (transcription === undefined) return { ...rest, note: 'speech; no transcription is configured' }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SPEECH_MS)])
  try {
    const bytes = Buffer.from(data, 'base64')
    const text =
      transcription.command === undefined
        ? await byEndpoint(transcription, media, bytes, limit)
        : await byCommand(transcription.command, bytes, limit)
    return { ...rest, note: `it says: ${headOf(text.trim(), MAX_TEXT)}` }
  } catch (error) {
    return { ...rest, note: `speech that could not be made text: ${messageOf(error)}` }
  }
}

async function byCommand(command: readonly string[], bytes: Buffer, signal: AbortSignal): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-speech-'))
  try {
    const file = join(folder, 'speech')
    await writeFile(file, bytes, { mode: 0o600 })
    const [program = '', ...args] = command.map((word) => word.replaceAll('{file}', file))
    return await new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        stdio: ['ignore', 'pipe', 'ignore'],
        signal,
        env: { PATH: process.env['PATH'] ?? '' },
      })
      let text = ''
      child.stdout.on('data', (data: Buffer) => {
        if (text.length < MAX_TEXT) text += data.toString()
      })
      child.on('error', reject)
      child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${program} ended with ${code}`))))
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function byEndpoint(
  to: NonNullable<Plan['transcription']>,
  media: Attachment,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<string> {
  if (to.url === undefined) throw new Error('neither a command nor a url is configured')
  const form = new FormData()
  form.set(
    'file',
    new Blob([new Uint8Array(bytes)], { type: media.mediaType }),
    media.name ?? `speech.${media.mediaType.split('/')[1] ?? 'ogg'}`,
  )
  form.set('model', to.model ?? 'whisper-1')
  const headers = to.apiKey?.isSet === true ? { authorization: `Bearer ${to.apiKey.reveal()}` } : {}
  const response = await fetch(to.url, { method: 'POST', body: form, headers, signal })
  if (!response.ok) throw new Error(`the endpoint answered ${response.status}`)
  const { text } = (await response.json()) as { text?: unknown }
  if (typeof text !== 'string') throw new Error('the endpoint gave no text')
  return text
}
