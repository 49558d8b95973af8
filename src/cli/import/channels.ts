// Channels and their accounts. Each account becomes a channel of its own.

import { type SecretValue, secretAt, variable, variableName } from './secrets.ts'
import type { Cursor } from './source.ts'

type Spec = Record<string, unknown>

export interface Channels {
  readonly section: Record<string, Spec>
  /** Our channel ids for a channel and an account: undefined account means the default one, `*` all. */
  ids(channel: string, account: string | undefined): readonly string[]
  /** Identities (`channelId:userId`) of all who were let in by id. */
  readonly admitted: ReadonlySet<string>
}

const SUPPORTED = new Set(['telegram', 'discord', 'slack', 'whatsapp', 'irc'])

export function readChannels(root: Cursor): Channels {
  const section: Record<string, Spec> = {}
  const accounts = new Map<string, Map<string, string>>()
  const admitted = new Set<string>()
  for (const [name, channel] of root.at('channels').entries()) {
    if (name === 'defaults' || name === 'modelByChannel') continue
    if (!SUPPORTED.has(name)) {
      channel.drop(`there is no channel of type "${name}"; a bridge can speak for it as a channel of type socket`)
      continue
    }
    const ofChannel = new Map<string, string>()
    accounts.set(name, ofChannel)
    const list = channel.at('accounts').entries()
    const fallback = channel.at('defaultAccount').text()
    const standard = fallback ?? (list.some(([id]) => id === 'default') ? 'default' : [...list.map(([id]) => id)].sort()[0])
    for (const [account, own] of list.length === 0 ? [['default', null] as const] : list) {
      const id = account === 'default' || list.length <= 1 ? name : `${name}-${account.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}`
      ofChannel.set(account, id)
      if (account === standard) ofChannel.set('', id)
      own?.at('name').use()
      section[id] = readChannel(name, id, account, layered(own, channel, root.at('channels', 'defaults')), admitted)
      own?.use()
    }
    if (!ofChannel.has('')) ofChannel.set('', name)
  }
  return {
    section,
    admitted,
    ids(channel, account) {
      const ofChannel = accounts.get(channel)
      if (ofChannel === undefined) return []
      if (account === '*') return [...new Set(ofChannel.values())]
      const id = ofChannel.get(account ?? '')
      return id === undefined ? [] : [id]
    },
  }
}

/** Reads a key from the account, else the channel, else the channels' defaults. */
type Layered = (...keys: string[]) => Cursor

const layered =
  (own: Cursor | null, channel: Cursor, defaults: Cursor): Layered =>
  (...keys) => {
    const places = [own, channel, defaults].filter((one) => one !== null).map((one) => one.at(...keys))
    return places.find((place) => place.exists) ?? places[0]!
  }

function readChannel(type: string, id: string, account: string, get: Layered, admitted: Set<string>): Spec {
  const spec: Spec = id === type ? {} : { type }
  const enabled = get('enabled').flag()
  if (enabled === false) spec['enabled'] = false
  Object.assign(spec, credentials(type, account === 'default' ? '' : account, get))
  const apiRoot = get('apiRoot').text()
  if (apiRoot !== undefined) spec['apiRoot'] = apiRoot
  Object.assign(spec, admission(type, id, get, admitted))
  spec['groups'] = groups(type, get)
  Object.assign(spec, manners(type, get))
  return spec
}

function credentials(type: string, account: string, get: Layered): Record<string, SecretValue | string | boolean> {
  const token = (name: string, ...keys: string[]): SecretValue => {
    const file = get('tokenFile').text()
    if (file !== undefined) {
      for (const key of keys) get(key).use()
      return { file }
    }
    const found = keys.map((key) => get(key)).find((one) => one.exists)
    const asked = variableName(type, account, name)
    return (found === undefined ? undefined : secretAt(found, asked)) ?? variable(asked)
  }
  switch (type) {
    case 'telegram': {
      const spec: Record<string, SecretValue | string> = { token: token('BOT_TOKEN', 'botToken') }
      const url = get('webhookUrl')
      const address = url.text()
      if (address !== undefined) {
        Object.assign(spec, {
          mode: 'webhook',
          webhookUrl: address,
          webhookSecret: secretAt(get('webhookSecret'), 'TELEGRAM_WEBHOOK_SECRET') ?? variable('TELEGRAM_WEBHOOK_SECRET'),
        })
        get('webhookPath').use()
        url.note('changed', 'the path of the webhook is /hooks/<channelId> here: change it at your proxy')
      }
      return spec
    }
    case 'discord':
      return { token: token('BOT_TOKEN', 'token') }
    case 'slack':
      return { botToken: token('BOT_TOKEN', 'botToken'), appToken: token('APP_TOKEN', 'appToken') }
    case 'irc': {
      const nick = get('nick').text() ?? 'claw'
      const server = get('host').text() ?? get('server').text() ?? 'irc.libera.chat'
      const join = get('channels').texts()
      return { server, nick, ...(join.length === 0 ? {} : { join: join as never }) }
    }
    default: {
      get('enabled').note(
        'changed',
        'WhatsApp is spoken through the Cloud API here, not by a linked phone: fill in its four values, then set enabled',
      )
      const name = (key: string): string => variable(variableName(type, account, key))
      return {
        enabled: false,
        phoneNumberId: '0',
        accessToken: name('TOKEN'),
        appSecret: name('APP_SECRET'),
        verifyToken: name('VERIFY_TOKEN'),
      }
    }
  }
}

/** dmPolicy and allowFrom → allowFrom and strangers. */
function admission(type: string, id: string, get: Layered, admitted: Set<string>): Spec {
  const dm = get('dm')
  const policyAt = get('dmPolicy').exists ? get('dmPolicy') : dm.at('policy')
  const list = get('allowFrom').exists ? get('allowFrom') : dm.at('allowFrom')
  const open = list.texts().includes('*')
  const policy =
    dm.at('enabled').flag() === false
      ? 'disabled'
      : (policyAt.text() ?? (list.exists && !open ? 'allowlist' : open ? 'open' : 'pairing'))
  if (policy === 'open' || (open && policy !== 'disabled')) return {}
  const allowFrom = policy === 'disabled' ? [] : list.items().flatMap((item) => userId(type, item))
  for (const user of allowFrom) admitted.add(`${id}:${user}`)
  const groupList = get('groupAllowFrom')
  const others = groupList.texts().filter((one) => one !== '*' && !list.texts().includes(one))
  if (others.length > 0)
    groupList.note('dropped', 'one allowFrom serves direct chats and groups here; who may write in groups only is not in it')
  return policy === 'pairing' ? { allowFrom, strangers: 'pair' } : { allowFrom }
}

/** As the platform writes ids in what it sends: WhatsApp's numbers have no sign and no gaps. */
export const asPlatformId = (type: string, id: string): string => (type === 'whatsapp' ? id.replaceAll(/^\+|[\s()-]/g, '') : id)

/** `tg:123`, `user:U1`, `discord:9` → the bare id. Names are nobody's for certain. */
function userId(type: string, item: Cursor): string[] {
  const written = String(item.raw ?? '').trim()
  item.use()
  const bare = written.replace(/^(?:tg|telegram|discord|slack|whatsapp|irc|user|id|e164):/i, '')
  if (bare === '' || bare === '*') return []
  if (bare.startsWith('@') && !bare.includes(':')) {
    item.note('dropped', `${bare} is a name, which anyone can take; allowFrom wants ids`)
    return []
  }
  return [asPlatformId(type, bare)]
}

/** groupPolicy and the groups, guilds or channels that are listed. */
function groups(type: string, get: Layered): Spec {
  const listed = get(type === 'discord' ? 'guilds' : type === 'slack' ? 'channels' : 'groups')
  const entries = type === 'irc' ? [] : listed.entries()
  const policy = get('groupPolicy').text() ?? (entries.length > 0 || type === 'irc' ? 'allowlist' : 'none')
  if (policy === 'disabled' || policy === 'none') return { respond: 'never' }
  const mention = new Map<string, boolean>()
  for (const [id, group] of entries) {
    const wanted = group.at('requireMention').flag() ?? true
    group.at('slug').use()
    const allowed = group.at('allow').flag() ?? group.at('enabled').flag() ?? true
    if (Object.keys((group.raw as object | null) ?? {}).length === 0) group.use()
    if (!allowed) continue
    if (type === 'slack' && id.startsWith('#'))
      group.drop('a channel is named by its id here (C…), which Slack shows in its details')
    else mention.set(id, wanted)
  }
  const named = [...mention.keys()].filter((id) => id !== '*')
  const everywhere = mention.has('*') || policy === 'open' || named.length === 0
  const answers = [...mention.values()]
  if (answers.includes(true) && answers.includes(false)) {
    listed.note('changed', 'requireMention is one setting for all groups here; the strictest was taken')
  }
  return {
    respond: answers.length > 0 && !answers.includes(true) ? 'always' : 'mention',
    session: 'shared',
    ...(everywhere ? {} : { allow: named }),
  }
}

function manners(type: string, get: Layered): Spec {
  const spec: Spec = {}
  const streaming = get('streaming')
  const mode = streaming.at('mode').text() ?? streaming.text() ?? get('streamMode').text()
  const on = streaming.flag()
  if (type === 'telegram' || type === 'discord' || type === 'slack') {
    if (mode !== undefined || on !== undefined) spec['streaming'] = mode === 'off' || on === false ? 'final' : 'edit'
    else if (type === 'telegram') spec['streaming'] = 'edit'
  }
  const megabytes = get('mediaMaxMb').number()
  if (megabytes !== undefined) spec['media'] = { maxBytes: Math.round(megabytes * 1024 * 1024) }
  return spec
}
