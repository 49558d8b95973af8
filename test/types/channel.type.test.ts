// What authors of channels may write, and what the compiler must refuse. The type check is the test.

import t from 'tap'
import {
  type Channel,
  type ChannelDefinition,
  ChannelError,
  type ChannelFactory,
  type ChannelHost,
  type ChatPlatform,
  createBackoff,
  createChatSender,
  createPlatformCalls,
  keepConnected,
  type PluginModule,
  RefusedError,
  Secret,
  splitText,
} from '../../src/channel.ts'

interface Settings {
  readonly token: Secret
  readonly maxAge: number
}

const create: ChannelFactory = (host: ChannelHost<Settings>): Channel => ({
  start: async () =>
    host.setState(host.spec.settings.token.isSet ? { state: 'connected' } : { state: 'failed', detail: 'no token' }),
  stop: async () => {},
  send: async ({ content, userId }, { idempotencyKey, signal }) => {
    if (userId === undefined) throw new ChannelError('whom?', { retry: false })
    signal.throwIfAborted()
    return { messageIds: [`${idempotencyKey} ${content.length}`] }
  },
})

export const plugin: PluginModule = { channels: { mine: create } }

export const definition: ChannelDefinition = {
  type: 'mine',
  traits: { groups: true, threads: false, edits: true, buttons: false, media: false, idempotentSend: false, maxChars: 2000 },
  settings: { required: ['token'], properties: { token: { 'x-secret': true }, maxAge: { 'x-duration': true, default: '5m' } } },
  load: async () => create,
}

// @ts-expect-error a failed channel says why
export const silent = (host: ChannelHost): void => host.setState({ state: 'failed' })
// @ts-expect-error a channel sends
export const mute: Channel = { start: async () => {}, stop: async () => {} }
// @ts-expect-error whether trying again helps is never left open
export const vague = (): ChannelError => new ChannelError('no', {})

/** A chat platform on what they have in common. */
export function chat(host: ChannelHost, platform: ChatPlatform): Pick<Channel, 'send' | 'stream' | 'typing'> {
  const backoff = createBackoff(host)
  const sender = createChatSender(host, platform)
  return {
    ...sender,
    send: async (message, context) => (backoff.attempts > 3 ? { messageIds: [] } : await sender.send(message, context)),
  }
}

t.type(createPlatformCalls, 'function')
t.type(keepConnected, 'function')
t.same(splitText('one two', 100), ['one two'])
t.ok(new RefusedError('Chat', new Error('401')) instanceof ChannelError)
t.equal(JSON.stringify({ token: new Secret('x') }), '{"token":"***"}')
