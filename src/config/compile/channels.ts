// `channels` → channel specs: what all types share, and under `settings` what only the type knows.

import { fingerprint } from '../../plan/fingerprint.ts'
import type { ChannelPlan, PluginPlan } from '../../plan/plan.ts'
import { type ConfigDocument, mapAt } from '../document.ts'
import type { Config } from '../generated/config.ts'
import { DEFAULTS } from '../generated/defaults.ts'
import { optional } from '../optional.ts'
import { resolvePeople, type Scope } from '../scope.ts'
import type { SecretStore } from '../secrets.ts'
import { channelSettings } from './channel-settings.ts'

interface Input {
  readonly doc: ConfigDocument
  readonly scope: Scope
  readonly config: Config
  readonly secrets: SecretStore
  readonly plugins: readonly PluginPlan[]
}

const otherwise = DEFAULTS.channel

/** The keys every type has; the schema's own list of them decides what is a setting. */
interface Common {
  readonly enabled?: boolean
  readonly apiRoot?: string
  readonly allowFrom?: readonly string[]
  readonly strangers?: ChannelPlan['strangers']
  readonly groups?: Partial<ChannelPlan['groups']>
  readonly streaming?: ChannelPlan['streaming']
  readonly media?: { readonly accept?: readonly string[]; readonly maxBytes?: number }
  readonly maxMessageChars?: number
}

export function compileChannels(input: Input): ReadonlyMap<string, ChannelPlan> {
  const section = mapAt(input.doc.value, 'channels')
  return new Map(
    [...input.scope.channels].map(([id, type]) => [id, compileChannel(id, type, mapAt(section[id]), input)] as const),
  )
}

function compileChannel(id: string, type: string, value: Readonly<Record<string, unknown>>, input: Input): ChannelPlan {
  const from = value as Common
  const shape = input.scope.channelShapes.of(type)
  const channel = {
    id,
    type,
    enabled: from.enabled ?? otherwise.enabled,
    ...optional('apiRoot', from.apiRoot),
    ...optional('allowFrom', from.allowFrom === undefined ? undefined : resolvePeople(from.allowFrom, input.scope, id)),
    strangers: from.strangers ?? otherwise.strangers,
    groups: {
      respond: from.groups?.respond ?? otherwise.groups.respond,
      session: from.groups?.session ?? otherwise.groups.session,
      ...optional('allow', from.groups?.allow),
    },
    streaming: from.streaming ?? otherwise.streaming,
    media: { ...optional('accept', from.media?.accept), maxBytes: from.media?.maxBytes ?? otherwise.media.maxBytes },
    maxMessageChars: from.maxMessageChars ?? otherwise.maxMessageChars,
    settings: shape === undefined ? {} : channelSettings(id, value, shape, input.secrets.get),
  } as const
  const plugin = input.plugins.find(({ channels }) => channels.some((one) => one.type === type))?.fingerprint
  // Another text of the plugin is another channel.
  return {
    fingerprint: fingerprint({ ...channel, ...optional('plugin', plugin) }),
    place: input.doc.place(['channels', id]),
    ...channel,
  }
}
