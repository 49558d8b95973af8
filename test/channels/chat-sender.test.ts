// What all chat platforms share on the way out, on a platform that is a list.

import t from 'tap'
import { type ChatPlatform, createChatSender } from '../../src/channels/chat-sender.ts'
import { ChannelError, type OutboundFile, type OutboundMessage } from '../../src/channels/port.ts'
import { splitText } from '../../src/channels/text/split.ts'
import { systemClock } from '../../src/ports.ts'
import { createChannelHost, until } from '../support/channel-host.ts'
import { testdir } from '../support/testdir.ts'

const MAX = 40
const context = { idempotencyKey: 'k', possiblyRepeated: false, signal: new AbortController().signal }
const file = (name: string, size: number): OutboundFile => ({
  kind: 'document',
  mediaType: 'text/plain',
  name,
  data: Buffer.alloc(size),
})
const reply = (content: string, attachments?: readonly OutboundFile[]): OutboundMessage => ({
  channelId: 'list',
  userId: 'ann',
  sessionKey: 's',
  agentId: 'main',
  content,
  ...(attachments === undefined ? {} : { attachments }),
})

function trial(test: Parameters<typeof testdir>[0], changes: Partial<ChatPlatform> = {}) {
  const sent: string[] = []
  const host = createChannelHost({ type: 'list', clock: systemClock, stateFolder: testdir(test), settings: {} })
  const sender = createChatSender(host, {
    name: 'the list',
    limits: { maxChars: MAX, maxChunks: 3, maxFileBytes: 100, filesAtOnce: 2 },
    queueOf: (target) => target.userId ?? '',
    chunks: (text) => splitText(text, MAX).map((source) => ({ source, rendered: source })),
    sendText: async (_, { rendered }, { first }) => `${sent.push(first ? `> ${rendered}` : rendered)}`,
    sendFiles: async (_, files) => `${sent.push(files.map(({ name, data }) => `[${name} ${data.length}]`).join(''))}`,
    ...changes,
  })
  return { sent, sender }
}

t.test('text first, then the files, so many at once', async (t) => {
  const { sent, sender } = trial(t)
  const { messageIds } = await sender.send(reply('three', [file('a', 1), file('b', 2), file('c', 3)]), context)
  t.same(sent, ['> three', '[a 1][b 2]', '[c 3]'])
  t.same(messageIds, ['1', '2', '3'])
})

t.test('a file alone is a reply', async (t) => {
  const { sent, sender } = trial(t)
  await sender.send(reply('', [file('a', 1)]), context)
  t.same(sent, ['[a 1]'])
})

t.test('what is too large, or of no use to the platform, is said', async (t) => {
  const { sent, sender } = trial(t)
  await sender.send(reply('see', [file('big', 2_500_000), file('a', 1)]), context)
  t.same(sent, ['> see', '[a 1]', '(The file big, 2.5 MB, cannot be sent', 'over the list.)'])
  const { sent: only, sender: plain } = trial(t, { sendFiles: undefined as never })
  await plain.send(reply('see', [file('a', 1)]), context)
  t.same(only, ['> see', '(The file a, 1 byte, cannot be sent over', 'the list.)'])
})

t.test('a file that is refused for good is said in its place, and one that may pass is tried again', async (t) => {
  let trouble: ChannelError | null = new ChannelError('later', { retry: true })
  const { sent, sender } = trial(t, {
    sendFiles: async (_, [one]) => {
      if (trouble === null) return `${sent.push(`[${one?.name}]`)}`
      throw trouble
    },
  })
  const message = reply('see', [file('a', 1), file('b', 1)])
  await t.rejects(sender.send(message, context), { message: 'later' })
  t.same(sent, ['> see'])
  trouble = new ChannelError('this kind of file is not taken', { retry: false })
  await sender.send(message, context)
  t.equal(sent.filter((text) => text === '> see').length, 1, 'what has arrived is not sent again')
  t.match(sent[1], /The file a/)
  trouble = null
  await sender.send(message, { ...context, idempotencyKey: 'k2' })
  t.same(sent.slice(-2), ['> see', '[a]'])
})

t.test('a text too long for messages is a file behind its beginning, or is cut and says so', async (t) => {
  const long = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ')
  const { sent, sender } = trial(t, { limits: { maxChars: MAX, maxChunks: 3, maxFileBytes: 1000 } })
  await sender.send(reply(long), context)
  t.equal(sent.length, 2)
  t.equal(sent[1], `[answer.md ${long.length}]`)
  const { sent: only, sender: plain } = trial(t, { sendFiles: undefined as never })
  await plain.send(reply(long), context)
  t.match(only.at(-1), /chat\)$/)
  t.match(only.join(' '), /the rest is cut/)
})

t.test('what may be a repeat says so, unless the platform can tell', async (t) => {
  for (const repeatNote of ['(again?)', undefined]) {
    const { sent, sender } = trial(t, repeatNote === undefined ? {} : { repeatNote })
    await sender.send(reply('hello'), { ...context, possiblyRepeated: true })
    t.same(sent, [repeatNote === undefined ? '> hello' : '> (again?)\nhello'])
  }
})

t.test('a question with buttons: asked once, closed once, plain where it does not fit', async (t) => {
  const log: string[] = []
  const { sent, sender } = trial(t, {
    approvals: {
      question: ({ text }) => (text.length > 80 ? null : splitText(text, MAX).map((source) => ({ source, rendered: source }))),
      ask: async (_, { rendered }, buttons) => `${sent.push(`${rendered} ${buttons.map(({ label }) => label).join('|')}`)}`,
      close: async (_, id, __, outcome) => void log.push(`${id}: ${outcome}`),
    },
  })
  const target = { channelId: 'list', userId: 'ann' }
  const prompt = { id: 'q', agentId: 'main', toolName: 'bash', text: 'ls', expiresAt: 0, canRemember: false }
  t.equal(await sender.askApproval?.(target, prompt), true)
  t.same(sent, ['ls Allow once|Deny'])
  t.equal(await sender.askApproval?.(target, { ...prompt, text: 'x'.repeat(99) }), false)
  await sender.approvalClosed?.('q', 'Denied')
  await sender.approvalClosed?.('q', 'Denied')
  t.same(log, ['1: Denied'])
})

t.test('the typing indicator is shown again when the last one has gone, and never throws', async (t) => {
  let shown = 0
  const show = async (): Promise<void> => {
    shown++
    throw new Error('no')
  }
  const { sender } = trial(t, { typing: { lastsMs: 60_000, keyOf: (target) => target.userId, show } })
  for (const userId of ['ann', 'ann', 'bob']) sender.typing?.({ channelId: 'list', userId })
  sender.typing?.({ channelId: 'list' })
  await until('both', () => shown === 2)
  const { sender: throwing } = trial(t, {
    typing: {
      lastsMs: 1,
      keyOf: () => {
        throw new ChannelError('nobody', { retry: false })
      },
      show,
    },
  })
  t.doesNotThrow(() => throwing.typing?.({ channelId: 'list' }))
})
