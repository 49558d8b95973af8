// IRC, on irc-framework. Enters: lines of people, told apart by account or hostmask, never by nick. Leaves: paced lines,
// each answer confirmed by a ping that the server answers behind it.

import { Client, type IrcMessage } from 'irc-framework'
import { messageOf } from '../../errors.ts'
import { cleanName } from '../../text-cut.ts'
import { sleep } from '../backoff.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues, createChatSender, REPEAT_NOTE } from '../chat-sender.ts'
import { isCommandFor } from '../commands.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { IrcSettings } from '../generated/settings.ts'
import { type Channel, ChannelError, type ChannelHost, type InboundMessage, type ReplyTarget, UnsureError } from '../port.ts'
import { storeOrRetry } from '../store-or-retry.ts'
import { BOT_MARK, plainText, toLines } from './lines.ts'

/** Lines at once before pacing begins, and the pace. */
const BURST = 5
const PACE_MS = 1000
const CONFIRM_MS = 20_000
const JOIN_MS = 30_000
/** The nick that was wanted is asked for again at this pace while someone else has it. */
const NICK_MS = 60_000

export function createIrc(host: ChannelHost<IrcSettings>): Channel {
  const { settings } = host.spec
  const at = address(host.spec.apiRoot, settings)
  const password = settings.password?.reveal() ?? ''
  const stopping = new AbortController()
  const queues = createChatQueues()
  const health = createChannelHealth(host)
  /** Where a person can be answered: the nick last seen under their identity. */
  const nicks = new Map<string, string>()
  /** Requests that wait for a word of the server. */
  const refusals = new Map<string, string>()
  const pongs = new Map<string, (arrived: boolean) => void>()
  let client: Client | null = null
  let ready = false
  let running: Promise<void> | null = null
  let tokens = 0

  const onMessage = (line: IrcMessage): void => {
    // Notices are how bots speak; answering them, or a bot that is known as one, makes loops.
    if (line.type === 'notice' || line.tags['bot'] !== undefined || line.message.endsWith(BOT_MARK)) return
    if (line.from_server === true || client === null || stopping.signal.aborted) return
    if (line.type !== 'privmsg' && line.type !== 'action') return
    if (line.nick.toLowerCase() === client.user.nick.toLowerCase()) return
    const message = read(line, client.user.nick)
    if (message === null) return
    nicks.set(message.userId, line.nick)
    if (nicks.size > 10_000) nicks.delete(nicks.keys().next().value as string)
    void queues.run(`in ${message.groupId ?? message.userId}`, () => storeOrRetry(host, message, stopping.signal))
  }

  const read = (line: IrcMessage, nick: string): InboundMessage | null => {
    const mask = `${line.ident ?? ''}@${line.hostname ?? ''}`
    // An account name holds no @, so a mask can't pass for one.
    const userId = settings.identifyBy === 'hostmask' || !line.account ? mask : line.account
    const group = /^[#&+!]/.test(line.target) ? line.target.toLowerCase() : undefined
    const { text, mentioned } = stripNick(plainText(line.message), nick)
    if (text === '') return null
    return {
      channelId: host.spec.id,
      userId,
      ...(group === undefined ? {} : { groupId: group }),
      messageId: line.tags['msgid'] ?? host.random.id(),
      content: text,
      timestamp: new Date(Date.now()).toISOString(),
      ...(group === undefined ? {} : { mentionsBot: mentioned || isCommandFor(host.plan, host.spec.id, text) }),
      displayName: cleanName(line.nick),
    }
  }

  /** One connection, from opening to its end; gives what ended it. */
  const connectOnce = (): Promise<ConnectionEnd> =>
    new Promise((resolve) => {
      const irc = new Client()
      client = irc
      let end: ConnectionEnd = { detail: 'The IRC server cannot be reached.' }
      const joining = new Set(settings.join.map((name) => name.toLowerCase()))
      const settled = (channel: string): void => {
        joining.delete(channel.toLowerCase())
        if (joining.size === 0 && irc.connected && !ready) nowReady()
      }
      const isWanted = (nick: string): boolean => nick.toLowerCase() === settings.nick.toLowerCase()
      const isOwnNick = (): boolean => isWanted(irc.user.nick)
      const showNick = (nick: string): void => {
        const detail = `The nick ${settings.nick} is taken, so the bot is called ${nick} until it is free.`
        health.set(isWanted(nick) ? { state: 'connected' } : { state: 'connected', detail })
      }
      let cancelNick = (): void => undefined
      /** Asks for the nick now, and again as long as it is not ours. */
      const regainNick = (): void => {
        cancelNick()
        if (!irc.connected || client !== irc || isOwnNick()) return
        irc.changeNick(settings.nick)
        cancelNick = host.clock.after(NICK_MS, regainNick)
      }
      const nowReady = (): void => {
        ready = true
        showNick(irc.user.nick)
        if (!isOwnNick()) cancelNick = host.clock.after(NICK_MS, regainNick)
      }
      // The library throws on lines that lack what it expects of them; anyone who sends such lines must not end the process.
      irc.use((_, lines) =>
        lines.use((command, _message, line, _client, next) => {
          try {
            next()
          } catch (error) {
            host.log.warn({ command, line: line.slice(0, 200), error: messageOf(error) }, 'irc: an odd line is passed over')
          }
        }),
      )
      irc.requestCap(['account-tag', 'message-tags'])
      let registered = false
      irc.on('registered', () => {
        registered = true
        end = { detail: 'The IRC server closed the connection.' }
        if (joining.size === 0) nowReady()
        for (const name of settings.join) irc.join(name)
        // A channel that cannot be joined must not keep the others waiting.
        host.clock.after(JOIN_MS, () => {
          if (irc.connected && client === irc && !ready) nowReady()
        })
      })
      // Where the server knows bots, it tells everyone that this is one.
      irc.on('server options', ({ options }: { options: Readonly<Record<string, unknown>> }) => {
        const { BOT: mode } = options
        if (typeof mode === 'string') irc.raw('MODE', irc.user.nick, `+${mode}`)
      })
      irc.on('join', ({ nick, channel }: { nick: string; channel: string }) => {
        if (nick === irc.user.nick) settled(channel)
      })
      irc.on('nick in use', ({ nick }: { nick?: string }) => {
        // Once the bot has a name it keeps that one until the wanted one is free.
        if (!registered) irc.changeNick(`${nick ?? irc.user.nick}_`.slice(0, 30))
      })
      irc.on('nick', ({ nick, new_nick: next }: { nick: string; new_nick: string }) => {
        // The library takes the new name over after it has told of it.
        const isBot = [nick, next].some((name) => name.toLowerCase() === irc.user.nick.toLowerCase())
        if (isBot && ready) showNick(next)
        else if (isWanted(nick)) regainNick()
      })
      irc.on('quit', ({ nick }: { nick: string }) => {
        if (isWanted(nick)) regainNick()
      })
      irc.on('message', onMessage)
      irc.on('pong', ({ message }: { message?: string }) => pongs.get(message ?? '')?.(true))
      irc.on('sasl failed', () => {
        // Without an account of ours the library tries the server password as one; that is no fault.
        if (settings.account === undefined) return
        end = { detail: 'The IRC server refused account or password.', final: true }
        irc.quit()
      })
      irc.on('irc error', (fault: { error: string; nick?: string; channel?: string; reason?: string }) => {
        host.log.debug({ error: fault.error, reason: fault.reason }, 'irc error')
        if (fault.error === 'password_mismatch') end = { detail: 'The IRC server refused the password.', final: true }
        if (fault.error === 'irc' && /password/i.test(fault.reason ?? ''))
          end = { detail: 'The IRC server refused the password.', final: true }
        if (fault.channel !== undefined) settled(fault.channel)
        const target = fault.nick ?? fault.channel
        if (target !== undefined) refusals.set(target.toLowerCase(), fault.reason ?? fault.error)
      })
      irc.on('kick', ({ kicked, channel }: { kicked: string; channel: string }) => {
        if (kicked === irc.user.nick) host.log.warn({ channel }, 'irc: kicked')
      })
      irc.on('close', () => {
        ready = false
        cancelNick()
        for (const done of pongs.values()) done(false)
        irc.removeAllListeners()
        stopping.signal.removeEventListener('abort', leave)
        resolve(end)
      })
      const leave = (): void => irc.quit('Goodbye')
      stopping.signal.addEventListener('abort', leave, { once: true })
      const sasl = settings.account !== undefined && password !== ''
      irc.connect({
        ...at,
        nick: settings.nick,
        username: settings.nick.replace(/[^A-Za-z0-9]/g, '').slice(0, 9) || 'claw',
        gecos: 'claw',
        version: 'claw',
        auto_reconnect: false,
        ping_interval: 60,
        ping_timeout: 120,
        ...(sasl ? { account: { account: settings.account, password } } : password === '' ? {} : { password }),
      })
    })

  let free = BURST
  let freeAt = 0
  /** Waits for this line's turn: a burst, then one a second. */
  const pace = async (signal: AbortSignal | undefined): Promise<void> => {
    const now = host.clock.now()
    free = Math.min(BURST, free + Math.max(0, now - freeAt) / PACE_MS)
    freeAt = Math.max(freeAt, now)
    if (free < 1) await sleep(host.clock, (1 - free) * PACE_MS, signal)
    free -= 1
  }

  /** The server answers a ping behind the lines only once it has taken them. */
  const confirm = (irc: Client): Promise<boolean> =>
    new Promise((resolve) => {
      const token = `claw-${++tokens}`
      const done = (arrived: boolean): void => {
        cancel()
        pongs.delete(token)
        resolve(arrived)
      }
      const cancel = host.clock.after(CONFIRM_MS, () => done(false))
      pongs.set(token, done)
      irc.raw('PING', token)
    })

  const sendLines = async (target: string, lines: readonly string[], signal: AbortSignal | undefined): Promise<string> => {
    const irc = client
    if (irc === null || !ready) throw new ChannelError('IRC is not connected.', { retry: true, notSent: true })
    refusals.delete(target.toLowerCase())
    for (const [index, line] of lines.entries()) {
      await pace(signal)
      if (!irc.connected || !ready) {
        const words = 'The IRC connection broke.'
        throw index === 0 ? new ChannelError(words, { retry: true, notSent: true }) : new UnsureError(words)
      }
      irc.raw('PRIVMSG', target, `${line}${BOT_MARK}`)
    }
    const arrived = await confirm(irc)
    const refused = refusals.get(target.toLowerCase())
    if (refused !== undefined) throw new ChannelError(`IRC refused: ${refused}`, { retry: false })
    if (!arrived) throw new UnsureError('The IRC connection broke while it was sent.')
    return host.random.id()
  }

  const targetOf = (target: ReplyTarget): string => {
    if (target.groupId !== undefined) return target.groupId
    if (target.userId === undefined) throw new ChannelError('Nobody to send to.', { retry: false })
    const nick = nicks.get(target.userId) ?? (target.userId.includes('@') ? undefined : target.userId)
    if (nick === undefined)
      throw new ChannelError('This person was not seen since the start, so their nick is unknown.', { retry: false })
    return nick
  }

  const { idle, ...sending } = createChatSender(host, {
    name: 'IRC',
    limits: { maxChars: Number.POSITIVE_INFINITY, maxChunks: 1, maxFileBytes: 0 },
    queueOf: targetOf,
    // One answer is one chunk: the server confirms its lines together.
    chunks(markdown) {
      const lines = toLines(markdown)
      return lines.length === 0 ? [] : [{ source: markdown, rendered: lines.join('\n') }]
    },
    repeatNote: REPEAT_NOTE,
    sendText: (target, chunk, { signal }) => sendLines(targetOf(target), chunk.rendered.split('\n'), signal),
  })

  return {
    async start() {
      health.set({ state: 'starting' })
      running = keepConnected(host, health, stopping.signal, connectOnce, { baseMs: 1000, maxMs: 30_000 })
    },
    async stop() {
      stopping.abort()
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 2000).unref())])
      await queues.idle()
      await idle()
      health.set({ state: 'stopped' })
    },
    ...sending,
  }
}

/** `claw: hello` and `claw, hello` lose the name; a name elsewhere is noticed and stays. */
export function stripNick(text: string, nick: string): { text: string; mentioned: boolean } {
  const name = nick.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const rest = text.replace(new RegExp(`^@?${name}\\s*[:,]\\s*|^@${name}\\s+`, 'i'), '')
  if (rest !== text) return { text: rest.trim(), mentioned: true }
  return { text, mentioned: new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'i').test(text) }
}

function address(apiRoot: string | undefined, settings: IrcSettings): { host: string; port: number; tls: boolean } {
  if (apiRoot !== undefined) {
    const url = new URL(apiRoot.replace(/^irc:/, 'http:'))
    return { host: url.hostname, port: Number(url.port || 6667), tls: false }
  }
  return { host: settings.server, port: settings.port, tls: settings.tls }
}
