// `channels` → channel specs: what all types share, and under `settings` what only the type knows.

import { fingerprint } from '../../plan/fingerprint.ts'
import type { ChannelPlan, GroupSettings, PluginPlan } from '../../plan/plan.ts'
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
  readonly groups?: Groups
  readonly streaming?: ChannelPlan['streaming']
  readonly media?: { readonly accept?: readonly string[]; readonly maxBytes?: number }
  readonly maxMessageChars?: number
}

type Groups = Partial<ChannelPlan['groups']> & Readonly<Record<string, unknown>>

const OF_ALL_GROUPS = new Set(['respond', 'session', 'allow', 'history'])

/** What stands under the ids of groups and threads. */
function namedGroups(groups: Groups | undefined): ChannelPlan['groups']['named'] {
  const named = Object.entries(groups ?? {}).filter(([key]) => !OF_ALL_GROUPS.has(key) && !key.startsWith('x-'))
  return named.length === 0
    ? undefined
    : Object.fromEntries(named.map(([id, settings]) => [id, settings as Partial<GroupSettings>]))
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
      ...optional('history', from.groups?.history === 0 ? undefined : from.groups?.history),
      ...optional('named', namedGroups(from.groups)),
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
