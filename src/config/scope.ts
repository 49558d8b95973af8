// The names a configuration defines: what references are checked and resolved against.

import type { Registry } from '../registry.ts'
import { type ConfigDocument, mapAt, textAt } from './document.ts'
import { type LinkEntry, readLinks } from './links.ts'
import { implicitProviders } from './model-services.ts'
import { type ChannelShapes, channelShapes } from './shape.ts'

export interface Scope {
  readonly agents: readonly string[]
  readonly agentSet: ReadonlySet<string>
  /** channelId → type; `http` and `webchat` when none is configured. */
  readonly channels: ReadonlyMap<string, string>
  readonly channelShapes: ChannelShapes
  readonly links: readonly LinkEntry[]
  readonly linkByName: ReadonlyMap<string, LinkEntry>
  readonly providers: readonly string[]
  readonly tools: readonly string[]
}

const DEFAULT_CHANNELS = ['http', 'webchat'] as const

const ownKeys = (map: object): string[] => Object.keys(map).filter((key) => !key.startsWith('x-'))

export function scopeOf(doc: ConfigDocument, registry: Registry): Scope {
  const root = mapAt(doc.value)
  const channels = mapAt(root['channels'])
  const ids = ownKeys(channels)
  const links = readLinks(doc.value)
  const agents = ownKeys(mapAt(root['agents']))
  return {
    agents,
    agentSet: new Set(agents),
    channels: new Map(
      root['channels'] === undefined
        ? DEFAULT_CHANNELS.map((id) => [id, id])
        : ids.map((id) => [id, textAt(channels[id], 'type') ?? id]),
    ),
    channelShapes: channelShapes(registry.channels),
    links,
    linkByName: new Map(links.map((link) => [link.name, link])),
    providers: [...new Set([...ownKeys(mapAt(root['models'])), ...implicitProviders(registry.providers)])],
    tools: registry.tools.map((tool) => tool.name).sort(),
  }
}

/** Identities a list of link names and identities stands for; a bare word without a link is a user of `channelId`, where given. */
export function resolvePeople(entries: readonly string[], scope: Scope, channelId?: string): readonly string[] {
  const found = new Set<string>()
  for (const entry of entries) {
    const link = scope.linkByName.get(entry)
    if (link !== undefined) for (const { text } of link.identities) found.add(text)
    else if (channelId !== undefined && !isIdentity(entry, scope)) found.add(`${channelId}:${entry}`)
    else found.add(entry)
  }
  return [...found]
}

/** Whether the text before the first colon names a channel; other colons belong to a platform's user id. */
function isIdentity(text: string, scope: Scope): boolean {
  const at = text.indexOf(':')
  return at > 0 && scope.channels.has(text.slice(0, at))
}
