// The TypeScript of docs/writing-a-channel.md, which a test holds to be the same.

import { ChannelError, type ChannelFactory, type ChannelHost, type PluginModule, type Secret } from '../../src/channel.ts'

interface Settings {
  readonly port: number
  readonly password: Secret
}

const lines: ChannelFactory = (host: ChannelHost<Settings>) => ({
  start: async () => host.setState({ state: host.spec.settings.password.isSet ? 'connected' : 'starting' }),
  stop: async () => host.setState({ state: 'stopped' }),
  send: async ({ content }) => {
    if (content === '') throw new ChannelError('nothing to send', { retry: false })
    return { messageIds: [] }
  },
})

export default { channels: { lines } } satisfies PluginModule
